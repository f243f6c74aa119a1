"""`python -m tests.engine.outages.dying_worker`: a worker that stands still in payments, to be killed there.

`CRASH_POINTS` names a file, `{complaint: point}`; a complaint that has come to its point is a line of `CRASH_REACHED`.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from temporalio import activity

from activities.notifications.delivery import StartNotices
from activities.partner_events.publishing import EventPublisher
from activities.payments.pay import Payments, Provider
from activities.store.pool import Pool
from tests.engine.outages.cells import Point
from workers.composition import worker
from workflows.complaint.domain.records import Payment
from workflows.money.movement import Movement, PaymentAnswer


async def stand_still_at(point: Point, movement: Movement) -> None:
    """Never go on, if this is where the complaint's worker is to be killed; say so first."""
    complaint = movement.key.split(":")[0]
    points = json.loads(await asyncio.to_thread(Path(os.environ["CRASH_POINTS"]).read_text))
    if points.get(complaint) == point:
        with Path(os.environ["CRASH_REACHED"]).open("a") as reached:  # noqa: ASYNC230 - one short line
            reached.write(f"{complaint}\n")
        await asyncio.Event().wait()


class MortalProvider:
    """The real provider; its caller may be killed before it is asked, and after it did what it did."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def pay(self, movement: Movement, first_attempt: bool) -> PaymentAnswer:
        await stand_still_at(Point.BEFORE, movement)
        try:
            return await self._provider.pay(movement, first_attempt)
        finally:
            await stand_still_at(Point.DONE, movement)


class MortalPayments(Payments):
    """The real activity; its worker may be killed after the commit, and after the return."""

    def __init__(
        self, pool: Pool, provider: Provider, *, start_notices: StartNotices, partners: EventPublisher
    ) -> None:
        super().__init__(pool, MortalProvider(provider), start_notices=start_notices, partners=partners)

    @activity.defn(name="pay")
    async def pay(self, payment: Payment) -> PaymentAnswer:
        answer = await super().pay(payment)
        await stand_still_at(Point.RETURNED, payment.movement)
        return answer

    async def _record_answer(self, movement: Movement, answer: PaymentAnswer) -> PaymentAnswer:
        written = await super()._record_answer(movement, answer)
        await stand_still_at(Point.COMMITTED, movement)
        return written


def main() -> int:
    vars(worker)["Payments"] = MortalPayments
    return worker.main()


if __name__ == "__main__":
    sys.exit(main())
