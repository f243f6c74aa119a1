"""Work orders: the responsible department says why, who and what next; its plan is put to the buyer (R2.6)."""

from collections.abc import Iterator

from workflows.answers import Code, NotHeard
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.causes import Cause
from workflows.complaint.domain.events import DateNamed, PlanPutToBuyer, PlanPutToManager, WorkOrderOpenedBySystem
from workflows.complaint.domain.messages import WorkOrderAnswered, WorkOrderOpened, WorkOrderPlanDecided
from workflows.complaint.domain.parts import WorkOrder
from workflows.complaint.rules.clocks import holds
from workflows.complaint.rules.emit import becomes_major, emit, work_order_superseded
from workflows.complaint.rules.people import RUNNING
from workflows.complaint.rules.registry import Rules, Runs
from workflows.policy.model import LimitName
from workflows.time.limits import put_off
from workflows.values import Instant
from workflows.vocabulary import Phase, Problem, Role

rules = Rules()

_BEFORE_A_DECISION = frozenset({Phase.REVIEW, Phase.NEGOTIATION, Phase.INTERVENTION})


def _latest(case: Case) -> WorkOrder | None:
    return case.work_orders[-1] if case.work_orders else None


def _awaits(case: Case, *states: str) -> WorkOrder | None:
    latest = _latest(case)
    return latest if latest and latest.state in states else None


def _replaced(case: Case, order: WorkOrder) -> Case:
    return case.but(work_orders=(*case.work_orders[:-1], order))


def _none_open(case: Case) -> bool:
    if not case.work_orders or case.work_orders[-1].over:
        return True
    return case.work_orders[-1].of_the_cycle and case.work_orders[-1].state == "open"


@rules.hears(WorkOrderOpened, "R2.6", by=(Role.AGENT, Role.SUPERVISOR), during=RUNNING, when=_none_open)
def a_work_order_is_opened(case: Case, message: WorkOrderOpened, at: Instant) -> Case:
    """Ask the responsible department for cause, person responsible and plan (R2.6)."""
    return _opened(work_order_superseded(case, at), message.department, message.question, at)


def _opened(case: Case, department: str, question: str, at: Instant, *, of_the_cycle: bool = False) -> Case:
    order = WorkOrder(
        number=len(case.work_orders) + 1,
        department=department,
        question=question,
        since=at,
        of_the_cycle=of_the_cycle,
    )
    return case.but(work_orders=(*case.work_orders, order))


_OF_THE_ORDER = frozenset(
    {
        Problem.NOT_SHIPPED,
        Problem.FALSE_SHIPMENT,
        Problem.NOT_RECEIVED,
        Problem.DELAYED,
        Problem.DAMAGED_IN_TRANSIT,
        Problem.WRONG_ITEM,
        Problem.SHORT_SHIPMENT,
    }
)
_OF_PURCHASING = frozenset({Problem.QUALITY, Problem.COUNTERFEIT})


def responsible_department(problem: Problem) -> str:
    """Name who answers for it: the order department for logistics, purchasing for quality, else operations."""
    if problem in _OF_THE_ORDER:
        return "order"
    return "purchasing" if problem in _OF_PURCHASING else "operations"


def open_for_the_cycle(case: Case, at: Instant, score: int) -> Case:
    """Ask the responsible department why the buyer is not content, unless one is asked already (R10.2)."""
    department = responsible_department(case.filing.problem)
    if not _none_open(case) or not case.staff.knows(Role.DEPARTMENT, department):
        return case
    case = emit(case, at, WorkOrderOpenedBySystem(department=department, score=score), "R10.2")
    question = f"The buyer gave score {score}: what was the cause, who is responsible, what is to be done?"
    return _opened(case, department, question, at, of_the_cycle=True)


@rules.duty(LimitName.WORK_ORDER)
def the_department_owes_an_answer(case: Case) -> Iterator[Runs]:
    """Run from the opening, or from the buyer's rejection; a date the department named takes its place (R2.6)."""
    order = _awaits(case, "open", "date_named")
    if order:
        yield Runs(order.since, subject=f"{order.number}", until=_expected(case, order))


def _expected(case: Case, order: WorkOrder) -> Instant | None:
    """Return the date the department named, put off by what was held since (R7.7)."""
    if order.named_at is None or order.expected_at is None:
        return None
    return put_off(order.named_at, order.expected_at, holds(case))


def _department_may_answer(case: Case) -> bool:
    return _awaits(case, "open", "date_named") is not None


@rules.hears(WorkOrderAnswered, "R2.6", by=(Role.DEPARTMENT,), during=RUNNING, when=_department_may_answer)
def the_department_answers(case: Case, message: WorkOrderAnswered, at: Instant) -> Case:
    """Put the plan to the buyer; or take a date, which the department may name once (R2.6)."""
    order = case.work_orders[-1]
    if message.sender.id != order.department:
        raise NotHeard(Code.WRONG_SENDER, "R2.6", f"the work order is for department {order.department}")
    if message.expected_at is None:
        case = emit(case, at, PlanPutToBuyer(work_order=order.number), "R2.6")
        told = f"cause: {message.cause}; responsible: {message.responsible}; plan: {message.plan}"
        put = order.but(state="put_to_buyer", plan=message.plan, history=(*order.history, told))
        return _replaced(case, put).but(buyer_told_at=at)
    if order.named_at is not None:
        raise NotHeard(Code.ALREADY_DONE, "R2.6", "a date was named already: give cause, responsible and plan")
    if message.expected_at <= at:
        raise NotHeard(Code.INCONSISTENT, "R2.6", "expected_at must lie ahead")
    case = emit(case, at, DateNamed(expected_at=message.expected_at), "R2.6")
    return _replaced(case, order.but(state="date_named", expected_at=message.expected_at, named_at=at))


def _buyer_decides(case: Case) -> bool:
    order = _awaits(case, "date_named", "put_to_buyer")
    return order is not None and (order.state == "put_to_buyer" or not order.date_decided)


@rules.hears(
    WorkOrderPlanDecided, "R2.6", by=(Role.BUYER, Role.AGENT, Role.SUPERVISOR), during=RUNNING, when=_buyer_decides
)
def the_buyer_decides_on_the_plan(case: Case, message: WorkOrderPlanDecided, at: Instant) -> Case:
    """Accept ends it; a date refused makes the complaint major; a plan refused goes back once, then above (R2.6)."""
    order = case.work_orders[-1]
    if order.state == "date_named":
        return _decided_on_the_date(case, order, message, at)
    if message.decision == "accept":
        return _replaced(case, order.but(state="accepted"))
    order = order.but(rejections=order.rejections + 1, since=at, history=(*order.history, f"rejected: {message.text}"))
    if order.rejections == 1:
        return _replaced(case, order.but(state="open", expected_at=None))
    case = emit(case, at, PlanPutToManager(work_order=order.number, history=order.history), "R2.6")
    return _replaced(case, order.but(state="put_to_manager"))


def _decided_on_the_date(case: Case, order: WorkOrder, message: WorkOrderPlanDecided, at: Instant) -> Case:
    case = _replaced(case, order.but(date_decided=True))
    agreed = message.decision == "accept"
    return case if agreed else becomes_major(case, at, "R2.6", Cause.DATE_REFUSED)


def _manager_decides(case: Case) -> bool:
    return _awaits(case, "put_to_manager") is not None


@rules.hears(WorkOrderPlanDecided, "R2.6", by=(Role.GENERAL_MANAGER,), during=RUNNING, when=_manager_decides)
def the_general_manager_decides(case: Case, message: WorkOrderPlanDecided, at: Instant) -> Case:
    """End the work order with the general manager's word, the history attached (R2.6)."""
    del at
    order = case.work_orders[-1]
    return _replaced(case, order.but(state="accepted" if message.decision == "accept" else "rejected"))


@rules.duty(LimitName.PLAN_DECISION)
def the_general_manager_owes_a_decision(case: Case) -> Iterator[Runs]:
    """Run from the second rejection until the general manager has decided (R2.6, R7.1)."""
    order = _awaits(case, "put_to_manager")
    if order:
        yield Runs(order.since, subject=f"{order.number}")


@rules.duty(LimitName.PLAN_TOLD)
def the_buyer_is_to_be_told_something(case: Case) -> Iterator[Runs]:
    """Run from filing until the buyer was told a plan, an offer or a ruling (R2.6)."""
    if case.phase in _BEFORE_A_DECISION and case.cycle == 1 and not _told(case):
        yield Runs(case.filed_at)


def _told(case: Case) -> bool:
    offered = any(offer.by.role is not Role.BUYER for offer in case.offers)
    ruled = any(ruling.sent_at for ruling in case.rulings)
    # An agreement is told as well; what comes back from fulfilment later does not open the question again.
    over = any(one.name is LimitName.PLAN_TOLD for one in case.ended)
    return over or offered or ruled or case.buyer_told_at is not None
