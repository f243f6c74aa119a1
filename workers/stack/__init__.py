"""The embedded stack: PostgreSQL, Temporal, the sandbox partners and a worker under one supervisor."""
