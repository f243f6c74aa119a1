"""Events to partner systems: written in the transaction of their steps, delivered in order per stream (R11.2)."""
