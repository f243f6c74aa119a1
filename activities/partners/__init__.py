"""Clients of the partners' services, one module per partner."""
