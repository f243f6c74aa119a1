"""Events to partner systems: written with the steps they tell of, delivered in order per stream."""
