"""Adapter of the aggregator kuaidi100: subscriptions, look-ups, pushes of many carriers (ADR 14)."""

ADDRESS = "https://poll.kuaidi100.com"
"""Its production address."""
