"""Render notices: one Jinja template file per locale, one block per event, in a sandbox."""

import re
import tomllib
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

import structlog
from babel.dates import format_date
from babel.numbers import format_decimal
from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from workflows.complaint.domain.records import Notice
from workflows.time.wording import day_and_hour
from workflows.words.sentences import sentence

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
_LENGTH = re.compile(r"(\d+)(h|d|wd|sm)")

_UNITS: dict[Locale, dict[str, str]] = {
    "en": {"h": "{} hour{s}", "d": "{} day{s}", "wd": "{} working day{s}", "sm": "{} service minute{s}"},
    "zh_CN": {"h": "{} 小时", "d": "{} 天", "wd": "{} 个工作日", "sm": "{} 分钟服务时间"},
}


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


def variables(notice: Notice) -> Mapping[str, Any]:
    """Return what a template can use: the notice's data, its event, the role that is told, and the step it tells of.

    `reason` is the sentence of the step, `facts` what happened, `said` the message, if it was one.
    """
    step = notice.step
    return {
        "reason": (sentence(step) if step else None) or "",
        "facts": step.facts.model_dump(mode="json") if step else {},
        "said": step.said.model_dump(mode="json", by_alias=True) if step and step.said else {},
        **notice.data,
        "complaint": notice.complaint,
        "event": notice.event,
        "to": notice.to.role,
    }


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
    found.filters |= {
        "day": partial(_day, locale),
        "money": partial(_money, locale),
        "length_of_time": partial(_length, locale),
    }
    return found


@cache
def _template(locale: Locale) -> Template:
    return environment(locale).get_template(f"{locale}.j2")


def _day(locale: Locale, instant: str) -> str:
    """Return an instant, such as `2026-11-23T16:00:00+00:00`, as readers of the locale write it: 24:00 ends a day."""
    day, hour = day_and_hour(datetime.fromisoformat(instant))
    return format_date(day, _DAYS[locale], locale=locale).format(hour)


def _length(locale: Locale, length: str) -> str:
    """Return a length of the policy, such as `48h`, in words of the locale; raises ValueError for anything else."""
    found = _LENGTH.fullmatch(length)
    if found is None:
        raise ValueError(f"{length!r} is no length")
    number, unit = found.groups()
    return _UNITS[locale][unit].format(number, s="" if number == "1" else "s")


def _money(locale: Locale, amount: str) -> str:
    """Return yuan with the separators of the locale: 12,345.60, without the unit."""
    return format_decimal(Decimal(amount), "#,##0.00", locale=locale) if _AMOUNT.fullmatch(amount) else amount
