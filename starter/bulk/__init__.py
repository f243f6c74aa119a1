"""Bulk operations: filings imported from a file, one message broadcast to many; resumable by a result file."""
