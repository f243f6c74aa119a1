"""Payments: one movement, requested once under its idempotency key; adapters of the payment providers."""
