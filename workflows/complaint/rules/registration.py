"""Registration: a filing becomes a complaint, or is refused with the rule that stands against it (R1)."""

from datetime import timedelta

from workflows.answers import Code
from workflows.complaint.domain.case import EDITION, Case
from workflows.complaint.domain.filing import OrderLine
from workflows.complaint.domain.parts import Review
from workflows.complaint.domain.records import Facts, Registration
from workflows.complaint.rules.emit import close, step
from workflows.complaint.rules.reprojection import pinned
from workflows.money.amount import Money
from workflows.policy.rulebook import Rulebook
from workflows.values import BEIJING, Instant
from workflows.vocabulary import REFUNDING, STAFF, Outcome, Phase, Remedy, Role, Severity


def open_case(registration: Registration, facts: Facts, rulebook: Rulebook) -> Case:
    """Open the case with policy, calendar and staff pinned; refused and inapplicable ones are closed at once."""
    case = _filed(registration, facts, rulebook)
    against = _stands_against(case, facts)
    if against is not None:
        code, rule, text = against
        case = step(case, case.filed_at, "filing_refused", rule, reason=f"{code}: {text}")
        return close(case, case.filed_at, Outcome.REFUSED, rule, text)
    handler = rulebook.staff.handler_for(case.filing.problem, case.filed_at, facts.load, facts.last_assigned)
    case = step(case.but(handler=handler), case.filed_at, "assigned", "R2.5", reason=handler)
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
    amount = filing.request.amount
    reason = f"{filing.problem} · {filing.request.remedy}"
    return step(case, at, "filed", "R1.2", actor=filing.filed_by, reason=reason, amount=amount)


def _severity(order: OrderLine | None, registration: Registration) -> Severity:
    request = registration.filing.request
    above = order is not None and request.amount is not None and order.ceiling < request.amount
    return Severity.CLAIM if request.remedy is Remedy.COMPENSATION and above else Severity.GENERAL


def _stands_against(case: Case, facts: Facts) -> tuple[Code, str, str] | None:
    filing, order = case.filing, facts.order
    if facts.filed_as:
        return Code.ALREADY_FILED, "R1.4", f"this request was filed before as {facts.filed_as}"
    if order is None:
        return Code.ORDER_UNKNOWN, "R1.2", f"order {filing.order_id} has no line {filing.line}"
    if not _may_complain(case, order):
        return Code.NOT_THE_BUYER, "R1.3", "only the buyer of the order, or staff on the buyer's behalf, may complain"
    if facts.open_complaint:
        return Code.ALREADY_OPEN, "R1.4", f"{facts.open_complaint} is open for the same line and problem; add to it"
    most = most_that_can_be_asked(case)
    if filing.request.amount and most < filing.request.amount:
        return Code.ABOVE_LIMIT, "R1.8", f"{filing.request.amount} is above the most this line can give, {most} yuan"
    return None


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


def outside_the_window(case: Case) -> str | None:
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
    return step(case, at, "courtesy_call_given", "R1.7", reason=f"{case.handler} explains by phone")


def _before_the_promise(case: Case, order: OrderLine) -> str | None:
    promised = order.promised_ship_by
    if promised is not None and order.delivered_at is None and case.filed_at < promised:
        return f"promised by {promised.astimezone(BEIJING):%Y-%m-%d %H:%M}: please wait until then"
    return None


def _too_long_after(case: Case, delivered_at: Instant | None, within: timedelta) -> str | None:
    # What was not delivered cannot be too long ago: no window that counts from delivery has begun.
    if delivered_at is None or case.filed_at <= delivered_at + within:
        return None
    return f"filed more than {within.days} days after delivery on {delivered_at.astimezone(BEIJING):%Y-%m-%d}"
