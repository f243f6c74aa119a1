"""What a line's held money can still give, by our own books (R6.11, R6.12)."""

from activities.store.held_money import HeldMoney
from activities.store.pool import Pool
from tests.activities.store.moving import PLATFORM, Moving
from tests.activities.world import World, an_order
from workflows.complaint.domain.case import Case
from workflows.complaint.domain.filing import OrderLine
from workflows.money.amount import Money
from workflows.money.movement import Movement
from workflows.parties import Party
from workflows.vocabulary import MoneyState, Problem, Purpose, Role

SELLER = Party(role=Role.SELLER, id="sl-1")


async def asked(pool: Pool, case: Case, purpose: str, fen: int, payer: tuple[str, str] | None = None) -> str:
    """Put a movement on record as one that the provider is being asked for."""
    money = Moving(pool, case.complaint)
    return await money.becomes(await money.decided(purpose, fen, payer=payer), "requested")


async def left(pool: Pool, key: str) -> int:
    movement = Movement(
        key=key, purpose=Purpose.REFUND, payer=SELLER, payee=Party(role=Role.BUYER, id="b-1"), amount=Money(amount=1),
        state=MoneyState.REQUESTED, rule="R6.1", ordered_by=SELLER,
    )  # fmt: skip
    return (await HeldMoney(pool).left(movement)).amount


async def another(world: World, case: Case) -> Case:
    """A second complaint of the same line."""
    return await world.opened(order_id=case.filing.order_id, problem=Problem.WRONG_ITEM)


class Escrow(World):
    """A platform whose order system says how much of each order is held."""

    held = 30900

    async def line(self, order_id: str, line: int) -> OrderLine | None:
        return an_order(order_id, line).but(held=Money(amount=self.held))


async def test_all_that_was_paid_and_shipping_is_held_at_first(world: World, pool: Pool) -> None:
    assert await left(pool, await asked(pool, await world.opened(), "refund", 10000)) == 30900


async def test_what_sellers_paid_before_is_gone_and_what_comes_later_takes_nothing_away(
    world: World, pool: Pool
) -> None:
    case = await world.opened()
    first = await asked(pool, case, "refund", 10000)
    second = await asked(pool, await another(world, case), "refund", 20000)
    third = await asked(pool, case, "return_freight", 500)
    assert [await left(pool, one) for one in (first, second, third)] == [30900, 20900, 900]
    await Moving(pool, case.complaint).becomes(first, "failed")
    assert [await left(pool, one) for one in (second, third)] == [30900, 10900]


async def test_what_was_taken_back_is_held_again(world: World, pool: Pool) -> None:
    case = await world.opened()
    money = Moving(pool, case.complaint)
    await money.becomes(await money.settled("refund", 10000), "reversed")
    assert await left(pool, await asked(pool, case, "return_freight", 500)) == 30900


async def test_what_came_from_the_deposit_is_not_missing_in_held_money(world: World, pool: Pool) -> None:
    case = await world.opened()
    await Moving(pool, case.complaint).settled("refund", 10000, from_deposit=4000)
    assert await left(pool, await asked(pool, case, "return_freight", 500)) == 24900


async def test_what_the_platform_pays_draws_on_nobodys_held_money(world: World, pool: Pool) -> None:
    case = await world.opened()
    await asked(pool, case, "compensation", 10000, payer=PLATFORM)
    assert await left(pool, await asked(pool, case, "refund", 100)) == 30900


async def test_the_order_systems_own_word_on_held_money_goes_before_the_price(pool: Pool) -> None:
    escrow = Escrow(pool)
    escrow.held = 5000
    assert await left(pool, await asked(pool, await escrow.opened(), "refund", 100)) == 5000


async def test_what_went_its_own_course_between_two_complaints_is_not_held_any_more(pool: Pool) -> None:
    escrow = Escrow(pool)
    case = await escrow.opened()
    escrow.held = 200
    other = await another(escrow, case)
    assert await left(pool, await asked(pool, other, "refund", 100)) == 200
    assert await left(pool, await asked(pool, other, "return_freight", 100)) == 100
    assert await left(pool, await asked(pool, case, "refund", 100)) == 30700


async def test_held_money_is_never_less_than_nothing(world: World, pool: Pool) -> None:
    case = await world.opened()
    await asked(pool, case, "compensation", 80000)
    assert await left(pool, await asked(pool, case, "return_freight", 100)) == 0


async def test_a_movement_nobody_wrote_down_draws_on_nothing(pool: Pool) -> None:
    assert await left(pool, "C20261122-0000000000:refund:1") == 0
