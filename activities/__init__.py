"""Activities: everything with side effects (PostgreSQL, partners, channels), as the ports of `workflows` ask for it."""
