"""Render notices: one Jinja template file per locale, one block per event, in a sandbox."""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Literal

import structlog
from babel.dates import format_date
from babel.numbers import format_decimal
from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from workflows.complaint.domain.records import Notice

Locale = Literal["zh_CN", "en"]

TEMPLATES = Path(__file__).parent / "templates"
GENERAL = "general"
"""The block for events without one of their own."""

LONGEST_SUBJECT, LONGEST_TEXT = 200, 4000
"""Characters that every channel accepts."""

_log = structlog.stdlib.get_logger("redress.activities")

_DAYS: dict[Locale, str] = {"zh_CN": "y年M月d日（EEE）{}", "en": "EEEE d MMMM y, {}"}
"""Date formats; `{}` is the time of day, which may be 24:00."""

_AMOUNT = re.compile(r"\d{1,15}\.\d\d")
_INSTANT = re.compile(r"[A-Z][a-z]+day (\d{4}-\d\d-\d\d) (\d\d:\d\d)")


def render(notice: Notice, locale: Locale) -> tuple[str, str]:
    """Return subject and text; falls back to the general block if the event has none or its data do not fit."""
    for event in (notice.event, GENERAL):
        try:
            return _render_block(locale, event, notice)
        except (TemplateError, KeyError, TypeError, ValueError) as wrong:
            _log.warning("no_text", notice_event=notice.event, block=event, locale=locale, error=type(wrong).__name__)
    return f"{notice.complaint}: {notice.event}", f"{notice.complaint}: {notice.event}"


def _render_block(locale: Locale, event: str, notice: Notice) -> tuple[str, str]:
    template = _template(locale)
    context = template.new_context({**words(locale), **variables(notice)})
    rendered = "".join(template.blocks[event](context)).strip()
    subject, _, text = rendered.partition("\n")
    return " ".join(subject.split())[:LONGEST_SUBJECT], text.strip()[:LONGEST_TEXT]


def variables(notice: Notice) -> Mapping[str, str]:
    """Return the template variables: the notice's data, its event, and the recipient's role."""
    return {**notice.data, "complaint": notice.complaint, "event": notice.event, "to": notice.to.role}


@cache
def words(locale: Locale) -> Mapping[str, Mapping[str, str]]:
    """Return the labels of a locale for the closed lists of the process: problems, outcomes, refusals, answers."""
    return tomllib.loads((TEMPLATES / f"{locale}.toml").read_text(encoding="utf-8"))


@cache
def environment(locale: Locale) -> SandboxedEnvironment:
    """Return the sandboxed environment of a locale; an undefined variable is an error."""
    found = SandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=False, auto_reload=False
    )
    found.filters |= {"code": _code, "number": _number, "day": partial(_day, locale), "money": partial(_money, locale)}
    return found


@cache
def _template(locale: Locale) -> Template:
    return environment(locale).get_template(f"{locale}.j2")


def _code(reason: str) -> str:
    """Return the code at the start of a reason: `already_open` of `already_open: C… is open`."""
    return re.split(r"[:;,\s]", reason, maxsplit=1)[0]


def _number(reason: str) -> str:
    """Return the complaint number named in a reason, such as the open one (R1.4); empty if there is none."""
    found = re.search(r"C\d{8}-[0-9A-Z]{10}", reason)
    return found[0] if found else ""


def _day(locale: Locale, instant: str) -> str:
    """Return an instant such as `Monday 2026-11-23 24:00` in the format of the locale."""
    found = _INSTANT.fullmatch(instant)
    if found is None:
        return instant
    day, time = found.groups()
    return format_date(date.fromisoformat(day), _DAYS[locale], locale=locale).format(time)


def _money(locale: Locale, amount: str) -> str:
    """Return yuan with the separators of the locale: 12,345.60, without the unit."""
    return format_decimal(Decimal(amount), "#,##0.00", locale=locale) if _AMOUNT.fullmatch(amount) else amount
