"""Compare four accounts of a complaint's money: provider's book, ledger, record, running workflow."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from activities.store.ledger import Kept
from workflows.complaint.domain.view import AdvanceView, View
from workflows.money.amount import Money
from workflows.values import Value
from workflows.vocabulary import MoneyState, Phase, Purpose

UNKNOWN = "-"
"""Shown for an account that does not have the movement."""

NOT_ASKED = "?"

_AGREEING_STATES: Mapping[str, frozenset[str]] = {
    "decided": frozenset({UNKNOWN}),
    "requested": frozenset({UNKNOWN, "pending"}),
    "settled": frozenset({"settled"}),
    "failed": frozenset({UNKNOWN, "declined", "failed"}),
    "reversed": frozenset({"reversed", "failed"}),
}
_IN_FLIGHT = timedelta(minutes=1)
"""How long a request may be in flight before the provider has to know it."""


class Difference(Value):
    """A difference: the state in each account of a movement (or of the complaint), and what to do."""

    complaint: str
    movement: str | None
    provider: str
    ledger: str
    record: str
    workflow: str
    text: str
    advice: str


@dataclass(frozen=True)
class ProviderEntry:
    """The provider's entry for one key; None for what a look-up does not return."""

    state: str
    amount: Money | None = None
    from_deposit: Money | None = None


@dataclass(frozen=True)
class Accounts:
    """The four accounts of one complaint; None: not available."""

    complaint: str
    kept: Sequence[Kept]
    advance: tuple[int, int, int] | None
    record: View | None
    workflow: View | None
    status: str
    """Status of the workflow: running, gone, terminated and so on; NOT_ASKED if Temporal is unreachable."""
    provider: Mapping[str, ProviderEntry] | None
    now: datetime


def differences(on: Accounts) -> Iterator[Difference]:
    """Yield every difference."""
    yield from _complaint_differences(on)
    for key in _keys(on):
        for text, advice in _movement_differences(on, key):
            yield _difference(on, key, text, advice)


def _keys(on: Accounts) -> Sequence[str]:
    named = [one.key for one in on.kept]
    named += [one.key for view in (on.record, on.workflow) if view for one in view.money]
    named += list(on.provider or ())
    return list(dict.fromkeys(named))


def _difference(on: Accounts, key: str | None, text: str, advice: str) -> Difference:
    ours, theirs = _ledger(on, key), (on.provider or {}).get(key or "")
    return Difference(
        complaint=on.complaint,
        movement=key,
        provider=NOT_ASKED if on.provider is None else theirs.state if theirs else UNKNOWN,
        ledger=str(ours.state) if ours else UNKNOWN,
        record=_state(on.record, key) or UNKNOWN,
        workflow=NOT_ASKED if on.workflow is None and on.status == NOT_ASKED else _state(on.workflow, key) or UNKNOWN,
        text=text,
        advice=advice,
    )


def _ledger(on: Accounts, key: str | None) -> Kept | None:
    return next((one for one in on.kept if one.key == key), None)


def _state(view: View | None, key: str | None) -> MoneyState | None:
    return next((one.state for one in view.money if one.key == key), None) if view else None


def _complaint_differences(on: Accounts) -> Iterator[Difference]:
    if on.record is not None and on.record.phase is not Phase.CLOSED and on.status not in {"running", NOT_ASKED}:
        text = f"the record says {on.record.phase}, but its workflow is {on.status}"
        advice = "nobody carries it on: an operations manager takes it over; money that is requested or frozen first"
        yield _difference(on, None, text, advice)
    if on.record is None and on.workflow is not None and on.workflow.phase is not Phase.REGISTRATION:
        yield _difference(
            on, None, "the workflow runs and is not on record", "is this its database? see `redress doctor`"
        )
    if on.record and on.workflow and (on.record.phase, on.record.outcome) != (on.workflow.phase, on.workflow.outcome):
        text = f"the record says {_standing(on.record)}, the workflow {_standing(on.workflow)}"
        yield _difference(on, None, text, _WORKER)
    booked = on.advance or (0, 0, 0)
    if (
        on.record is not None
        and on.record.advance
        and not _same(on, recorded := _advance_sums(on.record.advance), booked)
    ):
        text = f"of its advance the record says {_yuan(recorded)}, the ledger {_yuan(booked)}"
        yield _difference(on, None, text, f"compare `redress ledger {on.complaint}` with its timeline")


_WORKER = "the worker has not written it down: look at the activities of the workflow in the web UI"


def _standing(view: View) -> str:
    return str(view.outcome or view.phase)


def _advance_sums(advance: AdvanceView) -> tuple[int, int, int]:
    return advance.frozen.amount, advance.unfrozen.amount, advance.clawed_back.amount


def _same(on: Accounts, recorded: tuple[int, int, int], booked: tuple[int, int, int]) -> bool:
    """Compare the sums of advances; of several the record has the latest, and only one can be frozen (R9.1)."""
    several = sum(one.purpose == Purpose.ADVANCE and one.state is MoneyState.SETTLED for one in on.kept) > 1
    return recorded[0] == booked[0] if several else recorded == booked


def _yuan(fen: tuple[int, int, int]) -> str:
    frozen, unfrozen, back = (Money(amount=one) for one in fen)
    return f"{frozen} frozen, {unfrozen} unfrozen, {back} clawed back"


def _movement_differences(on: Accounts, key: str) -> Iterator[tuple[str, str]]:
    ours = _ledger(on, key)
    yield from _provider_and_ledger(on, key, ours)
    recorded, runs = _state(on.record, key), _state(on.workflow, key)
    if on.record is not None and ours is None and recorded not in {None, MoneyState.DECIDED}:
        yield "the ledger does not have it", _WORKER
    if (
        on.record is not None
        and ours is not None
        and not _agree(ours.state, recorded)
        and not _is_debt_recovery(on, ours)
    ):
        yield _not_in_complaint(on, key, ours)
    if on.record is not None and on.workflow is not None and recorded is not runs:
        yield f"the record says {recorded or 'nothing'}, the workflow {runs or 'nothing'}", _WORKER
    elif on.record is None and on.workflow is not None and ours is not None and not _agree(ours.state, runs):
        yield _not_in_complaint(on, key, ours)


def _is_debt_recovery(on: Accounts, ours: Kept) -> bool:
    """Tell whether a movement recovered a debt after the end of its complaint, which cannot know it (R9.5)."""
    ended = on.record is not None and on.record.phase is Phase.CLOSED and _state(on.record, ours.key) is None
    return ended and ours.purpose in {Purpose.RECOVERY, Purpose.WRITE_OFF}


def _agree(ledger: MoneyState, view: MoneyState | None) -> bool:
    early = {MoneyState.DECIDED, MoneyState.REQUESTED}
    return ledger is view or {ledger, view} == early


def _not_in_complaint(on: Accounts, key: str, ours: Kept) -> tuple[str, str]:
    known = _state(on.record, key)
    if known is None:
        return "the complaint does not know it", "it was reset to before: a person has to see what the money was for"
    if on.record is not None and on.record.phase is Phase.CLOSED:
        advice = "the complaint has ended; an operations manager decides what is owed now"
        return f"it became {ours.state} after the end", advice
    return f"the complaint says {known}", _report_advice(key, ours.state)


def _report_advice(key: str, result: str) -> str:
    complaint = key.split(":", maxsplit=1)[0]
    body = f"--set movement={key} --set result={result} --set provider_reference=REFERENCE"
    return f"once it is sure, tell it: `redress tell {complaint} payment_reported --as payment:provider {body}`"


def _provider_and_ledger(on: Accounts, key: str, ours: Kept | None) -> Iterator[tuple[str, str]]:
    if on.provider is None or (ours is not None and ours.is_only_ours):
        return
    theirs = on.provider.get(key)
    says = theirs.state if theirs else UNKNOWN
    if ours is None:
        yield f"the provider has it as {says}, and no record of ours names it", "ask the provider what it is"
    elif says == UNKNOWN and ours.state is MoneyState.REQUESTED:
        if on.now - ours.states[-1].at > _IN_FLIGHT:
            yield "it was requested, and the provider has never heard of it", _WORKER
    elif says not in _AGREEING_STATES[ours.state]:
        yield _contradicted(key, ours, says)
    elif theirs is not None:
        yield from _amounts(ours, theirs)


def _contradicted(key: str, ours: Kept, says: str) -> tuple[str, str]:
    if ours.state is MoneyState.REQUESTED:
        return f"the provider has {says}, and its report was not heard", _report_advice(key, _RESULTS.get(says, says))
    if ours.state is MoneyState.SETTLED and says == "reversed":
        return "the provider took it back, and its report was not heard", _report_advice(key, says)
    return (
        f"the provider's book says {says if says != UNKNOWN else 'nothing'}, ours {ours.state}",
        "pay nothing more of it; ask the provider for its statement of this key, and have finance decide",
    )


_RESULTS = {"declined": "failed"}


def _amounts(ours: Kept, theirs: ProviderEntry) -> Iterator[tuple[str, str]]:
    advice = "ask the provider for its statement of this key, and have finance correct it"
    if theirs.amount is not None and theirs.amount != ours.amount:
        yield f"the provider moved {theirs.amount} yuan, our book says {ours.amount}", advice
    split, posted = theirs.from_deposit, ours.from_deposit
    if split is not None and posted is not None and ours.state is MoneyState.SETTLED and split != posted:
        yield f"the provider took {split} yuan of it from the deposit, our book says {posted}", advice
