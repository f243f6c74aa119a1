"""How complaints are cut into many runs: the server is told to suggest it after every few events."""

EVERY_FEW_EVENTS = {"limit.historyCount.suggestContinueAsNew": 6}
"""The fewest events with which each run still gets somewhere: a run begins with up to eleven."""
