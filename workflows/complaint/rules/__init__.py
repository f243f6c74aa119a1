"""Rules of a complaint: pure functions from case to case, each citing its rule; `tables.py` lists them."""
