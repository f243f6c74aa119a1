"""The system of record: schema, migrations and named queries."""
