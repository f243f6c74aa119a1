"""How complaints are cut into many runs: the server is told to suggest it after every few events."""

EVERY_FEW_EVENTS = {
    "limit.historyCount.suggestContinueAsNew": 6,
    "history.workflowIdReuseMinimalInterval": "0s",
}
"""With fewer events a run may end before anything was heard, due or done in it. And none waits to begin, as it would
after a run of less than a second: a clock that is being moved leaps there, by all that it has leapt before (seen with
server 1.32: the fast-forward of an hour that ends two days too late). No other complaint has runs that short."""
