"""The policy as a value: every duration, amount and threshold of the rulebook; a complaint pins one when it opens."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from workflows.money.amount import Money
from workflows.time.limits import Length, ServiceHours, Stop, StopReason
from workflows.values import Id, Value
from workflows.vocabulary import Problem, Role


class LimitName(StrEnum):
    """Every row of the annex of the rulebook; a row with several lengths has a name for each."""

    FIRST_RESPONSE = "first_response"
    REVIEW = "review"
    MATERIAL = "material"
    UNFOUNDED_APPEAL = "unfounded_appeal"
    WORK_ORDER = "work_order"
    PLAN_DECISION = "plan_decision"
    PLAN_TOLD = "plan_told"
    SELLER_ANSWER = "seller_answer"
    OFFER = "offer"
    ASK_PLATFORM = "ask_platform"
    STEP_IN = "step_in"
    FIRST_MOVE_QUALITY = "first_move_quality"
    FIRST_MOVE_LOGISTICS = "first_move_logistics"
    CONTACT_MAJOR = "contact_major"
    RESOLVE = "resolve"
    RESOLVE_MAJOR = "resolve_major"
    EVIDENCE = "evidence"
    COUNTERSIGN = "countersign"
    CONFIRMATION = "confirmation"
    APPEAL_DECISION = "appeal_decision"
    SEND_BACK_RULING = "send_back_ruling"
    PAYMENT = "payment"
    PAYMENT_OWNED = "payment_owned"
    RETURN_SHIPMENT = "return_shipment"
    CARRIER_FIRST = "carrier_first"
    CARRIER_NEXT = "carrier_next"
    CARRIER_INQUIRY = "carrier_inquiry"
    INSPECTION = "inspection"
    REPLACEMENT = "replacement"
    REPAIR = "repair"
    SELLER_SHIPS = "seller_ships"
    APOLOGY = "apology"
    GOODS_RECEIVED = "goods_received"
    ADVANCE_ORDER = "advance_order"
    ADVANCE_CONTACT = "advance_contact"
    SURVEY = "survey"
    CALLBACK = "callback"
    CALLBACK_SHORT_MESSAGE = "callback_short_message"
    CALLBACK_PHONE = "callback_phone"
    LETTER = "letter"
    HOLD = "hold"


def _elapsed(length: Length) -> Length:
    if length.unit not in {"h", "d"}:
        raise ValueError(f"{length} must be elapsed time, such as 72h or 30d")
    return length


def _yuan(given: Any) -> Any:
    if isinstance(given, int | float):
        raise ValueError(f'{given} is no amount in yuan, written "299.00"')
    return Money.parse(given) if isinstance(given, str) else given


RuleId = Annotated[str, Field(pattern=r"^R\d{1,2}\.\d{1,2}$")]
"""The id of a rule of process.md, such as R3.1."""

Words = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[\x20-\x7e]+$")]
"""A few plain words for the summaries of timers and the lists of work, at most 60 characters."""

Elapsed = Annotated[Length, AfterValidator(_elapsed)]
"""A length in h or d."""

Yuan = Annotated[Money, BeforeValidator(_yuan)]
"""An amount, written `"5000.00"` in the policy file."""

Percent = Annotated[int, Field(ge=1, le=100)]
Count = Annotated[int, Field(ge=1, le=10_000)]


_STOPPING = (StopReason.WAITING_BUYER, StopReason.WAITING_SELLER, StopReason.WAITING_CARRIER)


def _stopping(reason: StopReason) -> StopReason:
    if reason not in _STOPPING:
        raise ValueError(f"Input should be {', '.join(map(repr, map(str, _STOPPING)))}: a hold stops everything anyway")
    return reason


class Limit(Value):
    """One row of the annex: who must do what from when, ended by which messages, in which time, and what otherwise.

    `actor` is `party` where each party, or the other side, is meant. A `duty` belongs to the platform and climbs when
    it is missed (R7.2); the rest are windows with a default. `stops` names what stops its clock (R7.3).
    """

    rule: RuleId
    actor: Role | Literal["party"]
    act: Words
    start: Words
    ended_by: tuple[str, ...]
    length: Length
    otherwise: Words
    default_rule: RuleId
    duty: bool = False
    stops: tuple[Annotated[StopReason, AfterValidator(_stopping)], ...] = ()

    @model_validator(mode="after")
    def _only_duties_stop(self) -> Self:
        if self.stops and not self.duty:
            raise ValueError("stops belong to a duty of the platform: windows of the parties never stop (R7.3)")
        return self

    @property
    def summary(self) -> str:
        """One line for a timer: `seller answers, else the platform steps in (R3.3)`."""
        return f"{self.act}, else {self.otherwise} ({self.default_rule})"

    def stopped_by(self, stops: Iterable[Stop]) -> tuple[Stop, ...]:
        """Choose the stops that count for this limit: its own, and every hold (R7.3, R7.7)."""
        return tuple(stop for stop in stops if stop.reason is StopReason.HOLD or stop.reason in self.stops)


class Admission(Value):
    """Until when a problem may be complained about (R1.7).

    Counted from delivery: `within` it is admitted, from there to `review_within`, if given, admitted to review only.
    Counted from the promised time: admitted from then on, without an end while undelivered, and `within` of delivery.
    """

    rule: RuleId
    counted_from: Literal["delivery", "promised_time"]
    within: Elapsed
    review_within: Elapsed | None = None
    evidence: Elapsed | None = None
    """The time for evidence where it is another one for this problem (R4.4)."""

    @model_validator(mode="after")
    def _review_is_longer(self) -> Self:
        if self.review_within is not None and self.review_within.elapsed <= self.within.elapsed:
            raise ValueError("review_within must be longer than within")
        return self

    @property
    def open_while_undelivered(self) -> bool:
        """No end before delivery."""
        return self.counted_from == "promised_time"


class Burden(Value):
    """One row of the burden table: in which dispute who must prove, with what (R4.4).

    `shipped` and `returned` narrow the row to what is known of the goods; None fits everything.
    """

    problems: Annotated[tuple[Problem, ...], Field(min_length=1)]
    shipped: bool | None = None
    returned: Literal["refused", "not_received"] | None = None
    provers: Annotated[tuple[Literal["buyer", "seller"], ...], Field(min_length=1)]
    proof: Words


class Category(Value):
    """What is different for a category of items (S3): the time for evidence, the burden of proof."""

    evidence: Elapsed | None = None
    burden: tuple[Burden, ...] = ()


class Policy(Value):
    """One version of everything that the rulebook leaves to policy.

    Pinned policies live in histories for years. So what is added here later needs a default, and that nothing is
    missing is asked when a policy is loaded (`missing`), not whenever an old one is read.
    """

    version: Id
    service_hours: ServiceHours  # Units: sm
    limits: dict[LimitName, Limit]
    admission: dict[Problem, Admission]
    compensation_multiple: Count  # R1.8, times what was paid
    material_requests_at_most: Count  # R2.1
    goodwill_percent: Annotated[tuple[Percent, ...], Field(min_length=1)]  # R3.6, the rungs, the last one the cap
    burden: tuple[Burden, ...] = ()  # R4.4, in the order in which rows are tried
    categories: dict[str, Category] = Field(default_factory=dict)  # R4.4, by item category
    target_general: Elapsed  # R4.3, reported, never escalated
    countersign_above: Yuan  # R4.6
    freight_at_most: Yuan  # R6.8
    warning_percent: Annotated[int, Field(ge=1, le=99)]  # R7.2
    level_2_after: Length  # R7.2
    reminder_every: Length  # R7.2
    hold_at_most: Elapsed  # R7.7
    batch_buyers: Count  # R8.1
    batch_within: Elapsed  # R8.1
    good_standing_below: Count  # R9.1, unfounded complaints
    good_standing_within: Elapsed  # R9.1
    debt_tried_every: Elapsed  # R9.5
    debt_written_off_after: Elapsed  # R9.5
    callback_hours: Annotated[tuple[ServiceHours, ...], Field(min_length=1)]  # R10.1
    satisfied_from: Annotated[int, Field(ge=1, le=5)]  # R10.2, the lowest score that closes
    cycles_at_most: Count  # R10.2
    beyond_authority_answered_within: Elapsed  # R11.2
    archive_years: Count  # R11.3
    monthly_analysis_by_day: Annotated[int, Field(ge=1, le=28)]  # R11.4
    sample_percent: Percent  # R11.5
    sample_at_least: Count  # R11.5

    @property
    def known(self) -> tuple[LimitName, ...]:
        """The limits of this policy in the order of the annex: an older one lacks what was added later."""
        return tuple(name for name in LimitName if name in self.limits)

    def missing(self) -> tuple[str, ...]:
        """List the places that a complete policy has and this one has not, such as `limits.review`."""
        limits = [f"limits.{name}" for name in LimitName if name not in self.limits]
        return (*limits, *(f"admission.{problem}" for problem in Problem if problem not in self.admission))

    @model_validator(mode="after")
    def _goodwill_rises(self) -> Self:
        if sorted(set(self.goodwill_percent)) != list(self.goodwill_percent):
            raise ValueError("goodwill_percent must rise from rung to rung")
        return self
