from collections.abc import AsyncIterator

import httpx2
import pytest

from activities.cases.orders import OrderSystem
from activities.errors import PartnerUnreachable
from tests.workers.sandbox.running import RunningSandbox, an_order
from workers.sandbox.client import SandboxClient
from workflows.complaint.domain.filing import OrderLine
from workflows.money.amount import Money


@pytest.fixture
async def orders(sandbox: RunningSandbox, http: httpx2.AsyncClient) -> AsyncIterator[OrderSystem]:
    async with OrderSystem(sandbox.url, client=http) as orders:
        yield orders


async def test_the_facts_of_a_line_are_those_of_the_order_system(orders: OrderSystem, operator: SandboxClient) -> None:
    order = an_order("o-facts", 2)
    await operator.put_orders([order])
    line = await orders.line("o-facts", 2)
    assert type(line) is OrderLine
    assert line.model_dump() == order.facts.model_dump()
    assert line.held == line.ceiling == Money(amount=30900)


async def test_a_line_that_does_not_exist_is_none(orders: OrderSystem) -> None:
    assert await orders.line("o-nobodys", 1) is None


async def test_order_ids_with_any_printable_character_find_their_line(
    orders: OrderSystem, operator: SandboxClient
) -> None:
    for order_id in ("o/1", "o/lines/1", "..", "50%", "o%2F2", "o?x=1#y"):
        await operator.put_orders([an_order(order_id)])
        line = await orders.line(order_id, 1)
        assert line is not None
        assert line.order_id == order_id


@pytest.mark.parametrize("mode", ["error_500", "timeout_before", "timeout_after"])
async def test_an_order_system_that_fails_is_never_a_missing_line(
    sandbox: RunningSandbox, http: httpx2.AsyncClient, orders: OrderSystem, operator: SandboxClient, mode: str
) -> None:
    await operator.put_orders([an_order("o-fails")])
    await operator.fault("orders", mode, operation="line")
    async with OrderSystem(sandbox.url, client=http, seconds=0.3) as hasty:
        with pytest.raises(PartnerUnreachable, match="the order system at http://"):
            await hasty.line("o-fails", 1)
    assert await orders.line("o-fails", 1) is not None


async def test_a_slow_order_system_is_waited_for(orders: OrderSystem, operator: SandboxClient) -> None:
    await operator.put_orders([an_order("o-slow")])
    await operator.fault("orders", "slow")
    assert await orders.line("o-slow", 1) is not None
