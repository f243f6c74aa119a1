"""Events of goods on their way, and of what is done instead (R6.3 to R6.9)."""

from typing import ClassVar, Literal

from workflows.complaint.domain.catalogue import NOBODY, PARTIES_SEE, STAFF_SEE, Catalogue, Recipient, example, notify
from workflows.complaint.domain.causes import Because
from workflows.complaint.domain.events.base import Event
from workflows.values import Id
from workflows.vocabulary import Role


class ParcelLost(Event):
    """A parcel was lost: the carrier is liable, the platform refunds (R6.4)."""

    event: Literal["parcel_lost"] = "parcel_lost"
    catalogue: ClassVar = Catalogue(PARTIES_SEE, NOBODY, example())


class CarrierInquiryGiven(Event):
    """The carrier is silent: the handler is to ask it (R6.4)."""

    event: Literal["carrier_inquiry_given"] = "carrier_inquiry_given"
    handler: Id | None
    catalogue: ClassVar = Catalogue(
        STAFF_SEE, (notify("carrier_inquiry_given", Recipient.HANDLER),), example(handler="a-1")
    )


class IntactBySilence(Event):
    """Who received the goods said nothing in time: they count as intact (R6.3, R6.7)."""

    event: Literal["intact_by_silence"] = "intact_by_silence"
    party: Role
    catalogue: ClassVar = Catalogue(PARTIES_SEE, NOBODY, example(party="seller"))


class CountsAsNotSent(Event):
    """A parcel that was never picked up, or came back, counts as not sent (R6.4)."""

    event: Literal["counts_as_not_sent"] = "counts_as_not_sent"
    because: Because
    catalogue: ClassVar = Catalogue(PARTIES_SEE, NOBODY, example(because={"cause": "never_picked_up"}))


class BecameARefund(Event):
    """An exchange or a repair that was not done became a refund (R6.9)."""

    event: Literal["became_a_refund"] = "became_a_refund"
    because: Because
    catalogue: ClassVar = Catalogue(
        PARTIES_SEE,
        (notify("became_a_refund", Recipient.BUYER, Recipient.SELLER),),
        example(because={"cause": "out_of_stock"}),
    )


class ApologyByThePlatform(Event):
    """The seller made no apology in time: the platform makes it (R6.7)."""

    event: Literal["apology_by_the_platform"] = "apology_by_the_platform"
    catalogue: ClassVar = Catalogue(PARTIES_SEE, NOBODY, example())


GoodsEvent = ParcelLost | CarrierInquiryGiven | IntactBySilence | CountsAsNotSent | BecameARefund | ApologyByThePlatform
