"""Registration: a filing becomes a complaint, or is refused with the rule that stands against it (R1)."""

from datetime import timedelta

from workflows.answers import Code
from workflows.complaint.domain.case import EDITION, Case
from workflows.complaint.domain.causes import Because, Cause
from workflows.complaint.domain.events import Assigned, CourtesyCallGiven, Filed, FilingRefused
from workflows.complaint.domain.filing import OrderLine
from workflows.complaint.domain.parts import Review
from workflows.complaint.domain.records import Facts, Registration
from workflows.complaint.rules.emit import close, emit
from workflows.complaint.rules.reprojection import pinned
from workflows.money.amount import Money
from workflows.policy.rulebook import Rulebook
from workflows.values import Instant
from workflows.vocabulary import REFUNDING, STAFF, Outcome, Phase, Remedy, Role, Severity


def open_case(registration: Registration, facts: Facts, rulebook: Rulebook) -> Case:
    """Open the case with policy, calendar and staff pinned; refused and inapplicable ones are closed at once."""
    case = _filed(registration, facts, rulebook)
    against = _stands_against(case, facts)
    if against is not None:
        refused, rule = against
        case = emit(case, case.filed_at, refused, rule)
        why = Because(cause=Cause.EXPLAINED, text=refused.text)
        return close(case, case.filed_at, Outcome.REFUSED, rule, why)
    handler = rulebook.staff.handler_for(case.filing.problem, case.filed_at, facts.load, facts.last_assigned)
    case = emit(case.but(handler=handler), case.filed_at, Assigned(handler=handler), "R2.5")
    outside = outside_the_window(case)
    if outside:
        return close(courtesy_call(case, case.filed_at), case.filed_at, Outcome.NOT_APPLICABLE, "R1.7", outside)
    return case.but(phase=Phase.REVIEW, review=Review(agent_since=case.filed_at))


def _filed(registration: Registration, facts: Facts, rulebook: Rulebook) -> Case:
    filing, at = registration.filing, registration.at
    severity = _severity(facts.order, registration)
    case = Case(
        complaint=registration.complaint,
        filing=filing,
        order=facts.order,
        decided_elsewhere=facts.decided_elsewhere,
        unfounded_before=facts.unfounded,
        policy=rulebook.policy,
        calendar=pinned(rulebook.calendar, at),
        staff=rulebook.staff,
        filed_at=at,
        edition=EDITION,
        now=at,
        severity=severity,
        grave_from=None if severity is Severity.GENERAL else 1,
    )
    filed = Filed(problem=filing.problem, remedy=filing.request.remedy)
    return emit(case, at, filed, "R1.2", actor=filing.filed_by, amount=filing.request.amount)


def _severity(order: OrderLine | None, registration: Registration) -> Severity:
    request = registration.filing.request
    above = order is not None and request.amount is not None and order.ceiling < request.amount
    return Severity.CLAIM if request.remedy is Remedy.COMPENSATION and above else Severity.GENERAL


def _stands_against(case: Case, facts: Facts) -> tuple[FilingRefused, str] | None:
    """Return what stands against the filing, and its rule."""
    filing, order = case.filing, facts.order
    if (before := facts.filed_as) is not None:
        text = f"this request was filed before as {before}"
        return FilingRefused(code=Code.ALREADY_FILED, text=text, other=before), "R1.4"
    if order is None:
        text = f"order {filing.order_id} has no line {filing.line}"
        return FilingRefused(code=Code.ORDER_UNKNOWN, text=text), "R1.2"
    if not _may_complain(case, order):
        text = "only the buyer of the order, or staff on the buyer's behalf, may complain"
        return FilingRefused(code=Code.NOT_THE_BUYER, text=text), "R1.3"
    if (other := facts.open_complaint) is not None:
        text = f"{other} is open for the same line and problem; add to it"
        return FilingRefused(code=Code.ALREADY_OPEN, text=text, other=other), "R1.4"
    return _above_the_ceiling(case)


def _above_the_ceiling(case: Case) -> tuple[FilingRefused, str] | None:
    asked, most = case.filing.request.amount, most_that_can_be_asked(case)
    if asked is None or asked <= most:
        return None
    text = f"{asked} is above the most this line can give, {most} yuan"
    return FilingRefused(code=Code.ABOVE_LIMIT, text=text), "R1.8"


def _may_complain(case: Case, order: OrderLine) -> bool:
    by = case.filing.filed_by
    if by.role is Role.BUYER:
        return by.id == order.buyer_id
    return by.role in STAFF and case.staff.knows(by.role, by.id)


def most_that_can_be_asked(case: Case) -> Money:
    """Return the ceiling of R1.8: paid plus shipping less what was decided; compensation up to three times paid."""
    if case.order is None:
        return Money(amount=0)
    if case.filing.request.remedy in REFUNDING or case.filing.request.remedy is Remedy.COUPON:
        return case.order.ceiling - case.decided_elsewhere
    times = case.policy.compensation_multiple
    return max(Money(amount=case.order.paid.amount * times), case.order.ceiling) - case.decided_elsewhere


def outside_the_window(case: Case) -> Because | None:
    """Say why the complaint comes too early or too late, None when it is admitted (R1.7)."""
    if case.order is None:
        return None
    admission = case.policy.admission[case.filing.problem]
    if admission.counted_from == "promised_time":
        return _before_the_promise(case, case.order) or _too_long_after(
            case, case.order.delivered_at, admission.within.elapsed
        )
    within = admission.review_within or admission.within
    return _too_long_after(case, case.order.delivered_at, within.elapsed)


def hidden_defect(case: Case) -> bool:
    """Say whether the complaint was admitted to review only: accepting it means that the defect was hidden (R1.7)."""
    admission, order = case.policy.admission[case.filing.problem], case.order
    if order is None or order.delivered_at is None or admission.review_within is None:
        return False
    return case.filed_at > order.delivered_at + admission.within.elapsed


def courtesy_call(case: Case, at: Instant) -> Case:
    """Give the one courtesy call that explains why a complaint is not applicable; it keeps nothing open (R1.7)."""
    return emit(case, at, CourtesyCallGiven(handler=case.handler), "R1.7")


def _before_the_promise(case: Case, order: OrderLine) -> Because | None:
    promised = order.promised_ship_by
    if promised is not None and order.delivered_at is None and case.filed_at < promised:
        return Because(cause=Cause.TOO_EARLY, at=promised)
    return None


def _too_long_after(case: Case, delivered_at: Instant | None, within: timedelta) -> Because | None:
    # What was not delivered cannot be too long ago: no window that counts from delivery has begun.
    if delivered_at is None or case.filed_at <= delivered_at + within:
        return None
    return Because(cause=Cause.TOO_LATE, days=within.days, at=delivered_at)
