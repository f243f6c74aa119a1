"""What a person sees of a complaint in the Temporal web UI: Markdown in short lines, Beijing time (contract)."""

import json
from collections.abc import Iterator

from workflows.domain.case import Case
from workflows.domain.explained import due_in_words, instant_in_words
from workflows.domain.vocabulary import Role
from workflows.examples import example
from workflows.rules.deadlines import deadlines, level, overdue
from workflows.rules.hearing import allowed
from workflows.rules.view import view_of

_LEVELS = {1: "with the supervisor", 2: "with the operations manager"}


def current_details(case: Case) -> str:
    """Tell phase, who must do what by when and what otherwise, offer, ruling, money, and what can be sent now."""
    parts = (_standing(case), _waiting(case), _proposals(case), _money(case), _next_messages(case))
    return "\n".join(line for part in parts for line in part)


def _standing(case: Case) -> Iterator[str]:
    ended = f" · **{case.outcome}**" if case.outcome else ""
    yield f"## {case.phase.replace('_', ' ').capitalize()}{ended}"
    request = case.filing.request
    asked = f"{request.remedy} {request.amount} yuan" if request.amount else request.remedy
    yield f"**{case.filing.problem.replace('_', ' ')}** · asks for {asked}"
    yield ""
    yield f"order `{case.filing.order_id}` line {case.filing.line} · severity {case.severity}"
    yield ""
    handler = f"handler `{case.handler}`" if case.handler else "no handler"
    yield f"{handler} · cycle {case.cycle}" + (f" · {_LEVELS[level(case)]}" if level(case) else "")
    if overdue(case):
        yield ""
        yield "**OVERDUE**"
    yield ""


def _waiting(case: Case) -> Iterator[str]:
    running = sorted(deadlines(case), key=lambda one: one.due_at)
    if running:
        yield "### Who must do what by when"
    for one in running:
        limit = case.policy.limits[one.name]
        yield f"- **{limit.act}** by {due_in_words(one.due_at)}"
        yield f"  - otherwise {limit.otherwise} ({limit.rule})"
    yield ""


def _proposals(case: Case) -> Iterator[str]:
    if case.offer:
        offer = case.offer
        yield f"### Offer {offer.number}: {offer.state}"
        yield f"{offer.award} by the {offer.by.role}, confirmed by {', '.join(offer.confirmed_by) or 'nobody'}"
        yield ""
    if case.ruling:
        ruling = case.ruling
        yield f"### Ruling {ruling.number}: {ruling.state}"
        yield f"liability {ruling.liability}, {ruling.award}, reason {ruling.reason}"
        yield ""


def _money(case: Case) -> Iterator[str]:
    movements = view_of(case).money
    if movements:
        yield "### Money"
    for one in movements:
        yield f"- {one.purpose} {one.amount} yuan from {one.payer} to {one.payee}: **{one.state}**"
    yield ""


def _next_messages(case: Case) -> Iterator[str]:
    kinds = allowed(case)
    if case.closed:
        yield f"Closed {instant_in_words(case.closed_at or case.now)}. Nothing can be sent any more."
        return
    yield "### What can be sent now"
    by_role = {role: allowed(case, role) for role in Role}
    for role, theirs in by_role.items():
        if theirs:
            yield f"- {role.replace('_', ' ')}: {', '.join(f'`{kind}`' for kind in theirs)}"
    yield ""
    awaited = _awaited(case, kinds)
    if awaited:
        yield f"Example, signal `{awaited[0]}`:"
        yield "```json"
        yield json.dumps(example(case, *awaited), ensure_ascii=False, indent=1)
        yield "```"


def _awaited(case: Case, kinds: tuple[str, ...]) -> tuple[str, Role] | None:
    for one in sorted(deadlines(case), key=lambda one: one.due_at):
        for kind in case.policy.limits[one.name].ended_by:
            if kind in kinds and kind in allowed(case, one.actor):
                return kind, one.actor
    return None
