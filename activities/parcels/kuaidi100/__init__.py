"""kuaidi100, which speaks for many carriers: subscribing, asking, and reading what it pushes (ADR 14)."""

ADDRESS = "https://poll.kuaidi100.com"
"""Its production address."""
