"""`python -m tests.activities.dying URL PARTNERS POINT < input.json`: runs one activity and dies at that point."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

from temporalio.testing import ActivityEnvironment

from activities.cases import record
from activities.cases.record import CaseRecorder
from activities.cases.registry import CaseRegistry
from activities.payments.partners import PaymentProvider
from activities.payments.pay import Payments
from activities.store.pool import open_pool
from tests.activities.world import World
from workflows.complaint.domain.records import Notice, Payment, Record, Registration
from workflows.complaint.rules.registration import open_case
from workflows.complaint.views.notices import notices_of
from workflows.complaint.views.view import view_of
from workflows.money.movement import Movement, PaymentAnswer
from workflows.policy.loading import packaged

POINTS = {
    "register": ("inside the transaction", "after the commit"),
    "record": ("inside the transaction", "after the commit"),
    "pay": ("before the provider", "after the provider", "after the answer"),
}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying(call: Callable[..., Any]) -> Callable[..., Any]:
    def dies(*arguments: object) -> Any:
        call(*arguments)
        die()

    return dies


async def tell_nobody(notices: Sequence[Notice]) -> None:
    assert notices is not None
    die()


class DyingProvider:
    """The real provider, and a process that dies around the call."""

    def __init__(self, provider: PaymentProvider, point: str) -> None:
        self._provider, self._point = provider, point

    async def pay(self, movement: Movement, first_attempt: bool) -> PaymentAnswer:
        if self._point == "before the provider":
            die()
        answer = await self._provider.pay(movement, first_attempt)
        if self._point == "after the provider":
            die()
        return answer


async def main(url: str, partners: str, activity: str, point: str, given: str) -> None:
    pool, run = await open_pool(url), ActivityEnvironment().run
    inside = point == "inside the transaction"
    if activity == "register":
        view = dying(view_of) if inside else view_of
        orders = World(pool)
        registry = CaseRegistry(
            pool,
            orders,
            packaged(),
            open_case=open_case,
            view_of=view,
            notices_of=notices_of,
            start_notices=tell_nobody,
        )
        await run(registry.register, Registration.model_validate_json(given))
    elif activity == "record":
        if inside:
            vars(record)["standing"] = dying(vars(record)["standing"])
        await run(CaseRecorder(pool, start_notices=tell_nobody).record, Record.model_validate_json(given))
    else:
        provider = DyingProvider(PaymentProvider(partners), point)
        await run(Payments(pool, provider).pay, Payment(movement=Movement.model_validate_json(given)))
        die()


if __name__ == "__main__":
    where, sandbox, what, when = sys.argv[1:]
    asyncio.run(main(where, sandbox, what, when, sys.stdin.read()))
