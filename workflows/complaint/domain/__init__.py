"""Nouns of the process: frozen values without any knowledge of Temporal, a clock or a database."""
