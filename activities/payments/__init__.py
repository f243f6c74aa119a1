"""Payments: one movement, requested once under its key; the adapters of the payment providers."""
