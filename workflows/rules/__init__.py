"""Verbs of the process: pure functions on a case, each citing the rule it stands for."""
