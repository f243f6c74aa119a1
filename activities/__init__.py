"""The world: what the process asks of databases and partners, one module per port."""
