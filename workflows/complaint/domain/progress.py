"""What buyer and seller may see of a complaint, and of what happened to it (R11.2).

One table says of which event who is shown the step. How a complaint stands tells a party nothing that came about by
steps which are not shown to it.
"""

from typing import NamedTuple

from pydantic import Field

from workflows.complaint.domain.timeline import Step
from workflows.complaint.domain.view import Advanced, GoodsView, OfferView, Paid, RulingView, WaitingOn
from workflows.parties import Party
from workflows.values import Instant, Value
from workflows.vocabulary import Outcome, Phase, Purpose, Role


class Progress(Value):
    """How a complaint stands for its buyer or its seller; `expected_at` is when the platform acts at the latest.

    `money` is what the party has paid or got; what is decided and not paid yet is awaited from the platform.
    """

    complaint: str
    phase: Phase
    outcome: Outcome | None
    cycle: int
    handler: str | None
    paused: bool
    expected_at: Instant | None
    waiting_on: tuple[WaitingOn, ...]
    offer: OfferView | None
    ruling: RulingView | None
    goods: GoodsView | None
    advance: Advanced | None
    money: tuple[Paid, ...]
    steps: int = Field(description="how many steps the whole timeline has; those that are not for this party too")


class _To(NamedTuple):
    roles: frozenset[Role]
    reason: bool = True


_BOTH, _BUYER, _SELLER = frozenset({Role.BUYER, Role.SELLER}), frozenset({Role.BUYER}), frozenset({Role.SELLER})
_NOBODY = _To(frozenset())
_BOTH_WHOLE, _BOTH_BARE = _To(_BOTH), _To(_BOTH, reason=False)
_BUYER_WHOLE, _BUYER_BARE = _To(_BUYER), _To(_BUYER, reason=False)

EVENTS: dict[str, _To] = {
    # from filing to acceptance
    "filed": _BOTH_WHOLE,
    "filing_refused": _BUYER_WHOLE,
    "assigned": _BOTH_WHOLE,
    "first_response_missed": _NOBODY,
    "reviewed": _BOTH_BARE,
    "hidden_defect_found": _NOBODY,
    "material_supplied": _BOTH_BARE,
    "courtesy_call_given": _BUYER_BARE,
    "handed_over": _BOTH_BARE,
    "became_major": _NOBODY,
    # between the parties
    "seller_answered": _BOTH_WHOLE,
    "offer_made": _BOTH_WHOLE,
    "offer_confirmed": _BOTH_WHOLE,
    "offer_rejected": _BOTH_WHOLE,
    "offer_lapsed": _BOTH_WHOLE,
    "withdrawn": _BOTH_BARE,
    # the platform decides; a ruling is seen once it is sent
    "intervention_requested": _BOTH_BARE,
    "intervention_started": _BOTH_WHOLE,
    "evidence_requested": _BOTH_WHOLE,
    "evidence_submitted": _BOTH_BARE,
    "evidence_silence": _BOTH_WHOLE,
    "evidence_counted": _BOTH_WHOLE,
    "late_evidence_admitted": _BOTH_WHOLE,
    "ruled": _NOBODY,
    "countersign_awaited": _NOBODY,
    "ruling_countersigned": _NOBODY,
    "ruling_sent": _BOTH_WHOLE,
    "ruling_confirmed": _BOTH_WHOLE,
    "consent_by_silence": _BOTH_WHOLE,
    "ruling_appealed": _BOTH_WHOLE,
    "appeal_decided": _BOTH_BARE,
    "ruling_final": _BOTH_WHOLE,
    "ruling_overturned": _BOTH_WHOLE,
    "external_recourse_noted": _NOBODY,
    # goods
    "goods_sent": _BOTH_WHOLE,
    "parcel_reported": _BOTH_WHOLE,
    "parcel_lost": _BOTH_WHOLE,
    "carrier_inquiry_given": _NOBODY,
    "goods_received": _BOTH_WHOLE,
    "intact_by_silence": _BOTH_WHOLE,
    "counts_as_not_sent": _BOTH_WHOLE,
    "fulfilment_declined": _BOTH_WHOLE,
    "became_a_refund": _BOTH_WHOLE,
    "apology_made": _BOTH_WHOLE,
    "apology_by_the_platform": _BOTH_WHOLE,
    # money: what is settled, to those it concerns (below); how it came about is the platform's
    "payment_settled": _BOTH_WHOLE,
    "payment_reversed": _BOTH_WHOLE,
    "amount_cut": _NOBODY,
    "payment_decided": _NOBODY,
    "payment_requested": _NOBODY,
    "payment_reported": _NOBODY,
    "payment_failed": _NOBODY,
    "payment_overdue": _NOBODY,
    "payment_retried": _NOBODY,
    "advance_wanted": _NOBODY,
    "advance_ordered": _NOBODY,
    "advance_called_off": _NOBODY,
    "buyer_to_be_asked": _BOTH_BARE,
    "buyer_contacted": _BUYER_BARE,
    "manual_intervention": _NOBODY,
    "debt_recorded": _To(_SELLER),
    "debt_written_off": _NOBODY,
    "points_owed": _NOBODY,
    "points_reversed": _NOBODY,
    # work orders are the platform's own, but for a plan or a date, which the buyer may refuse (R2.6)
    "work_order_opened": _NOBODY,
    "work_order_answered": _NOBODY,
    "work_order_superseded": _NOBODY,
    "work_order_plan_decided": _NOBODY,
    "date_named": _BUYER_WHOLE,
    "plan_put_to_buyer": _BUYER_BARE,
    "plan_put_to_manager": _NOBODY,
    # follow-up and end
    "closing": _BOTH_WHOLE,
    "follow_up_started": _BUYER_WHOLE,
    "survey_reminded": _BUYER_BARE,
    "survey_answered": _NOBODY,
    "callback_task_given": _NOBODY,
    "callback_made": _BUYER_BARE,
    "second_cycle_started": _BOTH_BARE,
    "letter_sent": _BUYER_BARE,
    "closed": _BOTH_WHOLE,
    # how the platform works
    "noted": _NOBODY,
    "duty_warned": _NOBODY,
    "duty_missed": _NOBODY,
    "limit_missed": _NOBODY,
    "duty_reminded": _NOBODY,
    "escalated_to_supervisor": _NOBODY,
    "escalated_to_operations_manager": _NOBODY,
    "hold_placed": _BOTH_BARE,
    "hold_released": _BOTH_BARE,
    "hold_ended": _BOTH_BARE,
    "calendar_reprojected": _NOBODY,
    "calendar_applied": _BOTH_BARE,
    "calendar_unknown": _NOBODY,
    # what was refused is seen by who said it
    "refused": _NOBODY,
    "late_message": _NOBODY,
}
"""Every event of the timeline, to whom it is shown, and whether with its reason; any other is shown to nobody."""

_OF_THE_SELLER_ALONE = {Purpose.RECOVERY, Purpose.PAYOUT, Purpose.RESTITUTION}
"""What the seller has to settle with the fund and the platform; an advance itself is told to both parties (R9.2)."""
_OF_NEITHER = {Purpose.WRITE_OFF}


def event_is_for(event: str, role: Role) -> bool:
    """Say whether a party of that role is shown events of that name: what the other one does, or has to do."""
    return role in EVENTS.get(event, _NOBODY).roles


def shown_to(step: Step, party: Party) -> Step | None:
    """Return a step as buyer or seller may see it, None where it is not for them; one's own doing always is."""
    if step.role is party.role and step.actor == party.id:
        return step
    if not event_is_for(step.event, party.role) or not _concerns(step, party.role):
        return None
    return step if EVENTS[step.event].reason and not _in_words_of_the_buyer(step) else step.but(reason=None)


def _in_words_of_the_buyer(step: Step) -> bool:
    """Say whether a complaint ends by the buyer's withdrawal: why is what the step of withdrawing keeps back."""
    ends = step.event in {"closing", "closed"} and step.rule == "R3.5"
    return ends and not (step.reason or "").startswith("outcome ")


def _concerns(step: Step, role: Role) -> bool:
    """Say whether a payment concerns a party; its key, complaint:purpose:number, is in the reason."""
    if step.event not in {"payment_settled", "payment_reversed"}:
        return True
    named = (step.reason or "").split(":")[1:2]
    others = _OF_NEITHER if role is Role.SELLER else _OF_NEITHER | _OF_THE_SELLER_ALONE
    return bool(named) and named[0] not in others
