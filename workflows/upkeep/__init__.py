"""Durable jobs beside the cases, started by schedules: reconciliation of money, and parcels of silent carriers."""
