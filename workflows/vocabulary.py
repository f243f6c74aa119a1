"""The closed lists of the contract and the rulebook: the only spelling of each word in the whole system."""

from enum import StrEnum


class Role(StrEnum):
    """Who takes part (process.md section 0)."""

    BUYER = "buyer"
    SELLER = "seller"
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    OPERATIONS_MANAGER = "operations_manager"
    GENERAL_MANAGER = "general_manager"
    DEPARTMENT = "department"
    CARRIER = "carrier"
    PAYMENT = "payment"
    SYSTEM = "system"


STAFF = frozenset({Role.AGENT, Role.SUPERVISOR, Role.OPERATIONS_MANAGER, Role.GENERAL_MANAGER})
PARTIES = frozenset({Role.BUYER, Role.SELLER})


class Channel(StrEnum):
    """Every channel feeds one registry (R1.1)."""

    ORDER_PAGE = "order_page"
    PERSONAL_CENTRE = "personal_centre"
    SERVICE_CHAT = "service_chat"
    HOTLINE = "hotline"
    EMAIL = "email"
    SOCIAL_MEDIA = "social_media"
    WEB_FORM = "web_form"


class Problem(StrEnum):
    """Problem types (R2.3)."""

    QUALITY = "quality"
    NOT_AS_DESCRIBED = "not_as_described"
    WRONG_ITEM = "wrong_item"
    SHORT_SHIPMENT = "short_shipment"
    DAMAGED_IN_TRANSIT = "damaged_in_transit"
    NOT_SHIPPED = "not_shipped"
    FALSE_SHIPMENT = "false_shipment"
    NOT_RECEIVED = "not_received"
    DELAYED = "delayed"
    SERVICE_ATTITUDE = "service_attitude"
    PROMISE_NOT_KEPT = "promise_not_kept"
    PAYMENT_METHOD_REFUSED = "payment_method_refused"
    NO_REASON_RETURN = "no_reason_return"
    EXCHANGE_DISPUTE = "exchange_dispute"
    COUNTERFEIT = "counterfeit"
    PRIVACY_LEAK = "privacy_leak"
    OTHER = "other"


class Remedy(StrEnum):
    """What a buyer may ask for and a ruling may give."""

    REFUND = "refund"
    RETURN_REFUND = "return_refund"
    EXCHANGE = "exchange"
    REPAIR = "repair"
    RESHIP = "reship"
    COMPENSATION = "compensation"
    PRICE_DIFFERENCE = "price_difference"
    COUPON = "coupon"
    APOLOGY = "apology"
    NONE = "none"


PRICED = frozenset({Remedy.REFUND, Remedy.RETURN_REFUND, Remedy.COMPENSATION, Remedy.PRICE_DIFFERENCE, Remedy.COUPON})
"""Remedies that carry an amount; for the others an amount is refused (contract, Filing)."""

REFUNDING = frozenset({Remedy.REFUND, Remedy.RETURN_REFUND, Remedy.PRICE_DIFFERENCE})
"""Remedies bound by what was paid (R1.8); compensation may ask for more, as a claim."""


class Phase(StrEnum):
    """Where a complaint stands."""

    REGISTRATION = "registration"
    REVIEW = "review"
    NEGOTIATION = "negotiation"
    INTERVENTION = "intervention"
    CONFIRMATION = "confirmation"
    APPEAL = "appeal"
    FULFILMENT = "fulfilment"
    FOLLOW_UP = "follow_up"
    CLOSED = "closed"


class Outcome(StrEnum):
    """How a complaint ended (R10.4)."""

    SETTLED = "settled"
    FULFILLED = "fulfilled"
    UNFOUNDED = "unfounded"
    NOT_APPLICABLE = "not_applicable"
    WITHDRAWN = "withdrawn"
    ABANDONED = "abandoned"
    LAPSED = "lapsed"
    REFERRED_OUT = "referred_out"
    REFUSED = "refused"


class Severity(StrEnum):
    """How grave a complaint is (R2.4)."""

    GENERAL = "general"
    MAJOR = "major"
    BATCH = "batch"
    CLAIM = "claim"


class Liability(StrEnum):
    """Who answers for it (R4.6)."""

    BUYER = "buyer"
    SELLER = "seller"
    BOTH = "both"
    CARRIER = "carrier"
    PLATFORM = "platform"
    NOBODY = "nobody"


class RefusalReason(StrEnum):
    """Why a seller refuses (closed list of the contract)."""

    GOODS_AS_DESCRIBED = "goods_as_described"
    BUYER_MISUSE = "buyer_misuse"
    BEYOND_WINDOW = "beyond_window"
    ALREADY_RESOLVED = "already_resolved"
    GOODS_NOT_RETURNED = "goods_not_returned"
    OTHER = "other"


class RulingReason(StrEnum):
    """Why the platform rules as it does (closed list of the contract)."""

    NOT_AS_DESCRIBED = "not_as_described"
    QUALITY_DEFECT = "quality_defect"
    DAMAGED_IN_TRANSIT = "damaged_in_transit"
    WRONG_ITEM = "wrong_item"
    SHORT_SHIPMENT = "short_shipment"
    NOT_SHIPPED = "not_shipped"
    FALSE_SHIPMENT = "false_shipment"
    LOST_IN_TRANSIT = "lost_in_transit"
    PROMISE_BROKEN = "promise_broken"
    COUNTERFEIT = "counterfeit"
    SELLER_SILENT = "seller_silent"
    BUYER_SILENT = "buyer_silent"
    EVIDENCE_MISSING_SELLER = "evidence_missing_seller"
    EVIDENCE_MISSING_BUYER = "evidence_missing_buyer"
    NO_FAULT_RETURN = "no_fault_return"
    BUYER_MISUSE = "buyer_misuse"
    UNFOUNDED = "unfounded"
    SHARED_FAULT = "shared_fault"
    PLATFORM_ERROR = "platform_error"
    OTHER = "other"


class Purpose(StrEnum):
    """What a movement of money is for (R6.10); the middle part of its key."""

    REFUND = "refund"
    COMPENSATION = "compensation"
    PRICE_DIFFERENCE = "price_difference"
    COUPON = "coupon"
    RETURN_FREIGHT = "return_freight"
    ADVANCE = "advance"
    """The fund advances to the buyer, frozen (R9.2)."""
    UNFREEZE = "unfreeze"
    """The buyer's frozen amount becomes the buyer's own (R9.2, R9.3)."""
    CLAW_BACK = "claw_back"
    """The buyer's frozen amount goes back to the fund (R9.4)."""
    RECOVERY = "recovery"
    """The fund is repaid: from the seller's held money and deposit, or by the platform (R9.5, R6.4)."""
    PAYOUT = "payout"
    """The line's held money is paid to the seller (R6.12)."""
    WRITE_OFF = "write_off"
    """The platform makes up to the fund for a debt that was given up: the books move, no provider does (R9.5)."""
    RESTITUTION = "restitution"
    """The platform pays the seller back what was overturned later (R5.6)."""


class MoneyState(StrEnum):
    """Different facts about one movement (R6.10)."""

    DECIDED = "decided"
    REQUESTED = "requested"
    SETTLED = "settled"
    FAILED = "failed"
    REVERSED = "reversed"
