"""Notices of steps: who is told what, as the classes of events and messages say it (R1.5, R7.2, R10.1, R10.3)."""

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import Any

from workflows.complaint.domain.case import Case
from workflows.complaint.domain.catalogue import Notify, Recipient, notify
from workflows.complaint.domain.events import Heard
from workflows.complaint.domain.records import Notice
from workflows.complaint.domain.timeline import CATALOGUE, Step
from workflows.complaint.rules.deadlines import deadlines, expected
from workflows.complaint.rules.money.movements import entry_of
from workflows.parties import Party
from workflows.policy.model import LimitName
from workflows.vocabulary import STAFF, Outcome, Phase, Role

Finds = Callable[[Case, Step], Iterator[Party]]


def _buyer(case: Case, step: Step) -> Iterator[Party]:
    del step
    yield case.buyer


def _filer(case: Case, step: Step) -> Iterator[Party]:
    del step
    yield case.filing.filed_by


def _seller(case: Case, step: Step) -> Iterator[Party]:
    del step
    if case.seller:
        yield case.seller


def _handler(case: Case, step: Step) -> Iterator[Party]:
    del step
    if case.handler:
        agent = case.staff.knows(Role.AGENT, case.handler)
        yield Party(role=Role.AGENT if agent else Role.SUPERVISOR, id=case.handler)


def _fact(step: Step, name: str) -> Any:
    return getattr(step.facts, name, None)


def _owner(case: Case, step: Step) -> Iterator[Party]:
    """The handler, unless the failure leads on by itself: to an advance, or to a debt (R6.11, R9.5)."""
    entry = entry_of(case, _fact(step, "movement"))
    if entry is None or entry.owned_since:
        yield from _handler(case, step)


def _repaying_seller(case: Case, step: Step) -> Iterator[Party]:
    entry = entry_of(case, _fact(step, "movement"))
    if entry and entry.movement.payer.role is Role.SELLER:
        yield entry.movement.payer


def _department(case: Case, step: Step) -> Iterator[Party]:
    """The department of the work order that the step names, of the latest where it names none."""
    named = [one for one in case.work_orders if one.number == _fact(step, "work_order")]
    for order in named or case.work_orders[-1:]:
        yield Party(role=Role.DEPARTMENT, id=order.department)


def _departments(case: Case, step: Step) -> Iterator[Party]:
    """Every department that had a work order, and the sales side, which learns each result (R10.3)."""
    del step
    asked = (order.department for order in case.work_orders)
    for one in dict.fromkeys((*asked, _SALES)):
        if case.staff.knows(Role.DEPARTMENT, one):
            yield Party(role=Role.DEPARTMENT, id=one)


_SALES = "operations"
"""The department of promises and page content is the platform's side of the sale."""


def _waiting_buyer(case: Case, step: Step) -> Iterator[Party]:
    """Who waits is told when to expect news; after the end nobody waits."""
    del step
    if not case.closed:
        yield case.buyer


def _holder(case: Case, step: Step) -> Iterator[Party]:
    """Who owes the act that the step is about: the handler, the department, or everybody of the role (R7.2)."""
    actor = case.policy.limits[_fact(step, "limit")].actor
    if actor is Role.DEPARTMENT:
        yield from _department(case, step)
    elif actor in STAFF and actor is not Role.AGENT:
        yield from _all(Role(actor))(case, step)
    else:
        yield from _handler(case, step)


def _all(role: Role) -> Finds:
    def everybody(case: Case, step: Step) -> Iterator[Party]:
        del step
        for one in case.staff.of(role):
            yield Party(role=role, id=one)

    return everybody


def _asked(case: Case, step: Step) -> Iterator[Party]:
    del step
    asked = case.ruling.asked if case.ruling else ()
    yield from (party for party in (case.buyer, case.seller) if party and party.role in asked)


def _others(case: Case, step: Step) -> Iterator[Party]:
    for party in (case.buyer, case.seller):
        if party and party.role is not step.role:
            yield party


_FOUND: dict[Recipient, Finds] = {
    Recipient.BUYER: _buyer,
    Recipient.SELLER: _seller,
    Recipient.FILER: _filer,
    Recipient.HANDLER: _handler,
    Recipient.OTHERS: _others,
    Recipient.ASKED: _asked,
    Recipient.SUPERVISORS: _all(Role.SUPERVISOR),
    Recipient.OPERATIONS_MANAGER: _all(Role.OPERATIONS_MANAGER),
    Recipient.GENERAL_MANAGER: _all(Role.GENERAL_MANAGER),
    Recipient.DEPARTMENT: _department,
    Recipient.DEPARTMENTS: _departments,
    Recipient.HOLDER: _holder,
    Recipient.OWNER: _owner,
    Recipient.REPAYING_SELLER: _repaying_seller,
    Recipient.WAITING_BUYER: _waiting_buyer,
}

OF_A_GRAVE_COMPLAINT = notify("grave_step", Recipient.GENERAL_MANAGER)
"""Major, batch and claim: the general manager gets every further step (R2.4)."""


def notices_of(case: Case, steps: Iterable[Step]) -> tuple[Notice, ...]:
    """Return what those steps give to tell; who is meant twice, as holder and by rank, is told once."""
    return tuple({notice.key: notice for step in steps for notice in _notices(case, step)}.values())


def _notices(case: Case, step: Step) -> Iterator[Notice]:
    if case.outcome is Outcome.REFUSED and step.event != "filing_refused":
        return  # only who filed hears of it: the order may be somebody else's (R1.3)
    for told in _told(case, step):
        data = _data(case, step, told.notice)
        for recipient in told.recipients:
            for party in _FOUND[recipient](case, step):
                key = _key(case, step, told.notice, party)
                shown = step.but(said=step.said.but(evidence=()) if _shows_evidence(step) and step.said else step.said)
                yield Notice(key=key, complaint=case.complaint, to=party, event=told.notice, data=data, step=shown)


def _shows_evidence(step: Step) -> bool:
    """Say whether the message has evidence, which no notice carries."""
    return bool(getattr(step.said, "evidence", None))


def _key(case: Case, step: Step, event: str, party: Party) -> str:
    """Return the notice's own key, at most 128 characters; two long ids that begin alike still have two."""
    key = f"{case.complaint}:{step.number}:{event}:{party.role}:{party.id}"
    return key if len(key) <= _LONGEST_KEY else f"{key[:95]}:{sha256(key.encode()).hexdigest()[:32]}"


_LONGEST_KEY = 128


def _told(case: Case, step: Step) -> Iterator[Notify]:
    told = step.said if isinstance(step.facts, Heard) and step.said else step.facts
    yield from (one for one in CATALOGUE[step.event].notices if _applies(one, told))
    if case.grave_from is not None and step.number >= case.grave_from:
        yield OF_A_GRAVE_COMPLAINT


def _applies(one: Notify, told: Any) -> bool:
    return all(getattr(told, name, None) in values for name, values in one.where.items())


def _data(case: Case, step: Step, event: str) -> dict[str, str]:
    by = expected(case) if event in _NEWS else min((one.due_at for one in deadlines(case)), default=None)
    return {
        "complaint": case.complaint,
        "order": case.filing.order_id,
        "item": case.order.title if case.order else "",
        "problem": case.filing.problem,
        "phase": case.phase,
        "outcome": case.outcome or "",
        "amount": str(step.amount) if step.amount else "",
        "step": step.event,
        "rule": step.rule,
        "expected": by.isoformat() if by and case.phase is not Phase.CLOSED else "",
        "debt_tried_every_length": str(case.policy.debt_tried_every),
        **{f"{name}_length": str(case.policy.limits[name].length) for name in _LENGTHS if name in case.policy.known},
    }


_LENGTHS = (
    LimitName.FIRST_RESPONSE,
    LimitName.SELLER_ANSWER,
    LimitName.OFFER,
    LimitName.CONFIRMATION,
    LimitName.STEP_IN,
    LimitName.RESOLVE,
    LimitName.EVIDENCE,
    LimitName.APPEAL_DECISION,
    LimitName.PAYMENT,
)
"""The limits whose length a text speaks of, as `seller_answer_length`."""

_NEWS = frozenset({"expected_time_told", "passed_up"})
"""Notices that promise the buyer a time: never one that is over already."""
