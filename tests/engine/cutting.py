"""How complaints are cut into many runs: the server is told to suggest it after every few events."""

EVERY_FEW_EVENTS = {
    "limit.historyCount.suggestContinueAsNew": 6,
    "history.workflowIdReuseMinimalInterval": "100ms",
}
"""With fewer events a run may end before anything was heard, due or done in it. Between two runs that have lasted less
than a second the server waits for the rest of it, and a complaint would wait more than it lives: a tenth will do."""
