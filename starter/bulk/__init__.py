"""Thousands at once: complaints filed from a file, messages told to many; each with a result file that is resumed."""
