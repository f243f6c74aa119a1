"""What a person sees of a complaint in the Temporal web UI: Markdown in short lines, Beijing time (contract).

The web UI breaks a paragraph where the text has a line break, and a point of a list at `<br>`; it draws no nested
lists, passes HTML and images through, and gives a code line about 65 columns. So everything that people wrote is
escaped, and a point is one line.
"""

import json
import re
from collections.abc import Iterator, Sequence

from workflows.complaint.domain.advance import Advance
from workflows.complaint.domain.award import Award
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.parts import Offer, Ruling, called
from workflows.complaint.rules.advances.balance import debt_of
from workflows.complaint.rules.clocks import held
from workflows.complaint.rules.deadlines import MARKED, MISSED, OPERATIONS_MANAGER, SUPERVISOR, Moment, moments
from workflows.complaint.views.catalogue import senders
from workflows.complaint.views.examples import example
from workflows.complaint.views.view import view_of
from workflows.money.amount import Money
from workflows.policy.model import Limit
from workflows.time.wording import due_in_words, instant_in_words
from workflows.vocabulary import Role

_LEVELS = {1: ", with the supervisor", 2: ", with the operations manager"}
_MARKS = re.compile(r"([!#$&()*+\-.:<>\[\\\]^_`{|}~])")
_LONGEST = 300


def current_details(case: Case) -> str:
    """Tell phase, who must do what by when and what otherwise, offer, ruling, money, and what can be sent now."""
    climbing = (moment for moment in moments(case) if moment.rung != MARKED)
    coming = sorted(climbing, key=lambda moment: moment.deadline.due_at)
    parts = (
        _standing(case, coming),
        _waiting(case, coming),
        _proposals(case),
        _asked(case),
        _goods(case),
        _advance(case),
        _money(case),
        _next_messages(case, coming),
    )
    return "\n".join(line for part in parts for line in part)


def _standing(case: Case, coming: Sequence[Moment]) -> Iterator[str]:
    ended = f" · {_words(case.outcome)}" if case.outcome else ""
    yield f"## {_words(case.phase).capitalize()}{ended}"
    asked = Award(remedy=case.filing.request.remedy, amount=case.filing.request.amount)
    yield f"**{_words(case.filing.problem)}**, asks for **{_award(asked)}**"
    if case.order:
        yield " · ".join(_said(text) for text in (case.order.title, case.order.spec) if text)
    yield _said(case.filing.description)
    yield f"order {_code(case.filing.order_id)} line {case.filing.line}"
    seller = f", seller {_code(case.seller.id)}" if case.seller else ""
    yield f"buyer {_code(case.buyer.id)}{seller}"
    handler = f"handler {_code(case.handler)}" if case.handler else "no handler"
    yield f"{handler}, cycle {case.cycle}, severity **{case.severity}**"
    rung = max((moment.rung for moment in coming), default=0)
    if rung > MISSED:
        yield f"**OVERDUE**{_LEVELS.get(min(rung - 1 - MISSED, 2), '')}"
    if case.first_response_missed and case.first_response_at is None:
        yield "**NO FIRST RESPONSE** within its time (R1.6)"
    if hold := held(case):
        yield f"**ON HOLD** until {instant_in_words(hold.until)} (Beijing time): {_said(hold.reason)}"
    if case.closing:
        yield f"closes as **{_words(case.closing.outcome)}** once its money has arrived ({case.closing.rule})"
    if case.closed:
        yield f"closed {instant_in_words(case.closed_at or case.now)} (Beijing time)"
    yield ""


def _waiting(case: Case, coming: Sequence[Moment]) -> Iterator[str]:
    if not coming:
        return
    yield "### Who must do what by when (Beijing time)"
    for moment in coming:
        limit, due = case.policy.limits[moment.deadline.name], due_in_words(moment.deadline.due_at)
        late = moment.rung > MISSED
        when = f"was due {due}" if late else f"by {due}"
        yield f"- **{_act(limit, moment.deadline.actor)}** {when} ({limit.rule})<br>{_otherwise(limit, moment)}"
    yield ""


def _act(limit: Limit, actor: Role) -> str:
    """Name the party where the limit speaks of either."""
    for anybody in ("party ", "other side "):
        if limit.act.startswith(anybody):
            return f"{actor} {limit.act.removeprefix(anybody)}"
    return limit.act


def _otherwise(limit: Limit, moment: Moment) -> str:
    if moment.rung <= MISSED:
        return f"else {limit.otherwise} ({limit.default_rule})"
    who = _RUNGS.get(moment.rung, "the operations manager is reminded")
    return f"next, {instant_in_words(moment.at)}: {who} (R7.2)"


_RUNGS = {SUPERVISOR: "the supervisor is told", OPERATIONS_MANAGER: "the operations manager is told"}


def _proposals(case: Case) -> Iterator[str]:
    if case.offer:
        yield from _offer(case.offer)
    if case.ruling:
        yield from _ruling(case.ruling)


def _offer(offer: Offer) -> Iterator[str]:
    yield f"### Offer {offer.number}, {offer.state}"
    yield f"**{_award(offer.award)}**, made by the {_words(offer.by.role)}"
    yield f"confirmed by {', '.join(offer.confirmed_by) or 'nobody yet'}"
    if offer.text:
        yield _said(offer.text)
    yield ""


def _ruling(ruling: Ruling) -> Iterator[str]:
    yield f"### Ruling {ruling.number}, {ruling.state}"
    share = f" ({ruling.seller_share} % the seller)" if ruling.seller_share else ""
    yield f"liability **{ruling.liability}**{share}, remedy **{_award(ruling.award)}**"
    yield f"reason {_words(ruling.reason)}, return freight {ruling.freight}"
    if ruling.sent_at:
        yield ", ".join(f"{role} {ruling.stance(role) or 'not heard yet'}" for role in ruling.asked)
    if ruling.text:
        yield _said(ruling.text)
    yield ""


def _asked(case: Case) -> Iterator[str]:
    proof = [one for one in case.evidence_windows if one.ended_at is None]
    orders = [one for one in case.work_orders if not one.over]
    if proof or orders:
        yield "### What was asked"
    for window in proof:
        yield f"- the {window.role} must prove: {_said(window.to_prove)}"
    for order in orders:
        plan = f"<br>plan: {_said(order.plan)}" if order.plan else ""
        stands = f"work order {order.number} to {order.department}, **{_words(order.state)}**"
        yield f"- {stands}: {_said(order.question)}{plan}"
    yield ""


def _goods(case: Case) -> Iterator[str]:
    if not case.goods:
        return
    yield "### Goods"
    for leg in case.goods:
        by = f", {_code(leg.carrier)} {_code(leg.tracking)}" if leg.carrier and leg.tracking else ""
        found = f", {_words(leg.condition)}" if leg.condition else ""
        yield f"- {_words(leg.leg)} by the {leg.by}: **{_words(leg.state)}**{found}{by}"
    yield ""


def _advance(case: Case) -> Iterator[str]:
    shown, advance = view_of(case).advance, case.advance
    if shown is None or advance is None:
        return
    yield f"### Advance of {shown.amount} yuan, {_words(shown.state)}"
    yield f"frozen **{shown.frozen}**, unfrozen **{shown.unfrozen}**, clawed back **{shown.clawed_back}**"
    yield f"repaid to the fund: **{_words(shown.recovery)}** (R9.5)"
    if debt := debt_of(case):
        yield f"the seller owes **{debt.amount}** since {instant_in_words(debt.since)} (Beijing time)"
    yield _next_of(advance, shown.frozen)
    yield ""


def _next_of(advance: Advance, frozen: Money) -> str:
    if advance.asked_since:
        return "the handler asks the buyer what became of the return (R9.4)"
    if advance.fate is None:
        return "it stays frozen until the ruling is final and the goods are back (R9.1, R9.7)"
    ending = "the buyer's" if advance.fate.given else "the fund's again"
    return f"it is decided: {ending} ({advance.fate.rule})" + (", the money is on its way" if frozen else "")


def _money(case: Case) -> Iterator[str]:
    if not case.money:
        return
    yield "### Money"
    for entry in case.money:
        one = entry.movement
        rest = f", {one.rest} back to the fund" if one.rest else ""
        moved = f"{_words(one.purpose)} {one.amount} yuan from {called(one.payer)} to {called(one.payee)}{rest}"
        lacks = ", **not covered**" if entry.uncovered_since else ""
        yield f"- {moved}: **{one.state}**{lacks} ({one.rule})<br>{_code(one.key)}"
    yield ""


def _next_messages(case: Case, coming: Sequence[Moment]) -> Iterator[str]:
    if case.closed:
        yield "Nothing can be sent any more."
        return
    now = senders(case)
    if awaited := _awaited(case, coming, now):
        yield "### To send the next message"
        kind = awaited[0]
        yield f"More Actions, Send a Signal `{kind}`, or an Update `submit`, which answers:"
        yield "```json"
        yield _payload({"kind": kind, **example(case, *awaited)})
        yield "```"
    yield "### What can be sent now"
    for role in Role:
        if kinds := [f"`{kind}`" for kind, by in now.items() if role in by]:
            yield f"- {_words(role)}: {', '.join(kinds)}"


def _awaited(case: Case, coming: Sequence[Moment], now: dict[str, frozenset[Role]]) -> tuple[str, Role] | None:
    """Return the message that ends the earliest deadline, and who sends it."""
    for moment in coming:
        actor = moment.deadline.actor
        for kind in case.policy.limits[moment.deadline.name].ended_by:
            if actor in now.get(kind, ()):
                return kind, actor
    return None


def _payload(message: dict[str, object]) -> str:
    # A checksum alone is as long as a line: its name stands above it.
    return json.dumps(message, ensure_ascii=False, indent=1).replace('"sha256": ', '"sha256":\n')


def _award(award: Award) -> str:
    return f"{_words(award.remedy)} {award.amount} yuan" if award.amount else _words(award.remedy)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _code(name: str) -> str:
    return f"`{name.replace('`', '´')}`"


def _said(text: str) -> str:
    """Return what a person wrote as plain text on one line: no Markdown, no HTML, no link, no image."""
    line = " ".join(text.split())
    return _MARKS.sub(r"\\\1", line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…")
