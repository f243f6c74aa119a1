"""Structured logs: JSON for machines, console for people, the complaint number on every line that concerns one."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

_TEMPORAL = ("temporal_workflow", "temporal_activity")


def configure(format_: Literal["json", "console"], level: int = logging.INFO) -> None:
    """Send everything, also what the standard library logs, through one pipeline to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        _with_complaint,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_last(format_)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("httpx2").setLevel(logging.WARNING)


_PLAIN = structlog.dev.plain_traceback
"""Where it failed, never with what was in its variables: they may be secrets, or what somebody wrote."""


def _last(format_: Literal["json", "console"]) -> list[Any]:
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if format_ == "console":
        return [remove, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_PLAIN)]
    return [remove, structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]


def _with_complaint(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Lift the complaint number out of what Temporal adds to a line; the rest of it is noise."""
    for name in _TEMPORAL:
        details = event.pop(name, None)
        if isinstance(details, dict) and details.get("workflow_id"):
            event.setdefault("complaint", details["workflow_id"])
    return event
