"""How complaints are cut into many runs: the server is told to suggest it after every few events."""

EVERY_FEW_EVENTS = {"limit.historyCount.suggestContinueAsNew": 6}
"""With fewer a run may end before anything was heard, due or done in it."""
