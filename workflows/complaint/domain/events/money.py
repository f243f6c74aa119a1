"""Events of money: movements, advances, debts, points (R6.10 to R6.12, R8.4, R9)."""

from typing import ClassVar, Literal

from workflows.complaint.domain.catalogue import (
    MOVEMENT,
    NOBODY,
    PARTIES_SEE,
    SELLER_SEES,
    STAFF_SEE,
    Audience,
    Catalogue,
    Recipient,
    example,
    notify,
)
from workflows.complaint.domain.causes import Because
from workflows.complaint.domain.events.base import Event
from workflows.money.amount import Money
from workflows.values import Id
from workflows.vocabulary import Purpose

_PAYMENT = example(movement=MOVEMENT, purpose="refund")

_WHOSE = {
    "purpose": {
        Purpose.RECOVERY: Audience.SELLER,
        Purpose.PAYOUT: Audience.SELLER,
        Purpose.RESTITUTION: Audience.SELLER,
        Purpose.WRITE_OFF: Audience.STAFF,
    }
}
"""What the seller has to settle with the fund and the platform is the seller's alone; a debt given up nobody's."""

_FOR_THE_BUYER = frozenset(
    {Purpose.REFUND, Purpose.COMPENSATION, Purpose.PRICE_DIFFERENCE, Purpose.COUPON, Purpose.RETURN_FREIGHT}
)


class OfMovement(Event):
    """Something happened to one movement of money, named by its key `complaint:purpose:number`."""

    movement: Id
    purpose: Purpose


class PaymentDecided(OfMovement):
    """A movement was written down as decided (R6.10)."""

    event: Literal["payment_decided"] = "payment_decided"
    catalogue: ClassVar = Catalogue(STAFF_SEE, NOBODY, _PAYMENT)


class PaymentRequested(OfMovement):
    """The provider is being asked for the movement (R6.10)."""

    event: Literal["payment_requested"] = "payment_requested"
    catalogue: ClassVar = Catalogue(STAFF_SEE, NOBODY, _PAYMENT)


class PaymentSettled(OfMovement):
    """The movement has settled; `corrected`: against what the provider had said before (R6.10)."""

    event: Literal["payment_settled"] = "payment_settled"
    corrected: bool = False
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE,
        (
            notify("advance_frozen", Recipient.BUYER, Recipient.SELLER, purpose=Purpose.ADVANCE),
            notify("advance_unfrozen", Recipient.BUYER, purpose=Purpose.UNFREEZE),
            notify("advance_clawed_back", Recipient.BUYER, purpose=Purpose.CLAW_BACK),
            notify("advance_recovered", Recipient.REPAYING_SELLER, purpose=Purpose.RECOVERY),
            notify("restitution_paid", Recipient.SELLER, purpose=Purpose.RESTITUTION),
            notify("held_money_paid_out", Recipient.SELLER, purpose=Purpose.PAYOUT),
            notify("payment_settled", Recipient.BUYER, purpose=_FOR_THE_BUYER),
        ),
        _PAYMENT,
        only=_WHOSE,
    )


class PaymentFailed(OfMovement):
    """The provider proved that nothing was moved; `said` is its own reason, where it gave one (R6.10)."""

    event: Literal["payment_failed"] = "payment_failed"
    said: str | None = None
    reported: bool = False
    """By a later report, not by its answer."""
    catalogue: ClassVar = Catalogue(
        STAFF_SEE,
        (notify("payment_failed", Recipient.OWNER),),
        example(**_PAYMENT, said="account closed"),
    )


class PaymentReversed(OfMovement):
    """A settled movement came back; `corrected`: the provider takes back that it had settled (R6.10)."""

    event: Literal["payment_reversed"] = "payment_reversed"
    corrected: bool = False
    catalogue: ClassVar = Catalogue(PARTIES_SEE, (notify("payment_failed", Recipient.OWNER),), _PAYMENT, only=_WHOSE)


class PaymentOverdue(OfMovement):
    """A movement has not settled in its time: the handler owns it (R6.1, R6.10)."""

    event: Literal["payment_overdue"] = "payment_overdue"
    catalogue: ClassVar = Catalogue(STAFF_SEE, (notify("payment_overdue", Recipient.HANDLER),), _PAYMENT)


class AmountCut(Event):
    """A payment was cut to what the line can still give, which is the step's amount (R1.8)."""

    event: Literal["amount_cut"] = "amount_cut"
    purpose: Purpose
    wanted: Money
    most: Money
    catalogue: ClassVar = Catalogue(
        STAFF_SEE,
        (notify("amount_cut", Recipient.HANDLER),),
        example(
            purpose="refund",
            wanted={"amount": 29900, "currency": "CNY"},
            most={"amount": 19900, "currency": "CNY"},
        ),
    )


class AdvanceWanted(OfMovement):
    """The seller's money does not cover a payment: the handler is to order an advance (R6.11)."""

    event: Literal["advance_wanted"] = "advance_wanted"
    available: Money
    catalogue: ClassVar = Catalogue(
        STAFF_SEE,
        (notify("advance_wanted", Recipient.HANDLER),),
        example(**_PAYMENT, available={"amount": 0, "currency": "CNY"}),
    )


class AdvanceCalledOff(OfMovement):
    """An advance that nobody was asked for yet is not made (R9.4, R9.7)."""

    event: Literal["advance_called_off"] = "advance_called_off"
    catalogue: ClassVar = Catalogue(
        STAFF_SEE, NOBODY, example(movement="C20261122-7K3M9Q0VWX:advance:1", purpose="advance")
    )


class ManualIntervention(Event):
    """An advance counts as a manual intervention against the seller (R9.6)."""

    event: Literal["manual_intervention"] = "manual_intervention"
    catalogue: ClassVar = Catalogue(STAFF_SEE, NOBODY, example())


class BuyerToBeAsked(Event):
    """A return was not made or failed while an advance is frozen: the handler asks the buyer (R9.4)."""

    event: Literal["buyer_to_be_asked"] = "buyer_to_be_asked"
    because: Because
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE,
        (notify("buyer_to_be_asked", Recipient.HANDLER, Recipient.BUYER),),
        example(because={"cause": "not_sent_back"}),
        whole=False,
    )


class DebtRecorded(Event):
    """What the seller still owes the fund; the amount stands in the step (R9.5)."""

    event: Literal["debt_recorded"] = "debt_recorded"
    catalogue: ClassVar = Catalogue(
        SELLER_SEES, (notify("debt_recorded", Recipient.SELLER, Recipient.OPERATIONS_MANAGER),), example()
    )


class PointsOwed(Event):
    """The seller owes violation points for that (R8.4)."""

    event: Literal["points_owed"] = "points_owed"
    kind: str
    catalogue: ClassVar = Catalogue(STAFF_SEE, NOBODY, example(kind="not_as_described"))


class PointsReversed(Event):
    """Points that were owed for that are taken back (R8.4, R5.6)."""

    event: Literal["points_reversed"] = "points_reversed"
    kind: str
    catalogue: ClassVar = Catalogue(STAFF_SEE, NOBODY, example(kind="not_as_described"))


MoneyEvent = (
    PaymentDecided
    | PaymentRequested
    | PaymentSettled
    | PaymentFailed
    | PaymentReversed
    | PaymentOverdue
    | AmountCut
    | AdvanceWanted
    | AdvanceCalledOff
    | ManualIntervention
    | BuyerToBeAsked
    | DebtRecorded
    | PointsOwed
    | PointsReversed
)
