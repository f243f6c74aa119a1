"""What a line's held money can still give, by our own books (R6.11, R6.12)."""

from activities.postgres.held import HeldMoney
from activities.postgres.pool import Pool
from tests.activities.world import World
from workflows.domain.case import Case
from workflows.domain.filing import Party
from workflows.domain.money import Money
from workflows.domain.parts import PLATFORM
from workflows.domain.payment import Movement
from workflows.domain.vocabulary import MoneyState, Problem, Purpose, Role

SELLER = Party(role=Role.SELLER, id="sl-1")


async def asked(pool: Pool, case: Case, purpose: Purpose, fen: int, payer: Party = SELLER) -> Movement:
    """Put a movement on record as one that the provider is being asked for."""
    movement = Movement(
        key=f"{case.complaint}:{purpose}:1", purpose=purpose, payer=payer, payee=case.buyer, amount=Money(amount=fen),
        state=MoneyState.REQUESTED, rule="R6.1", ordered_by=PLATFORM,
    )  # fmt: skip
    await pool.execute(
        """INSERT INTO movements (key, complaint, purpose, payer_role, payer_id, payee_role, payee_id, amount_minor,
        rule, ordered_by_role, ordered_by_id, remark, state, requested_at)
        VALUES ($1, $2, $3, $4, $5, 'buyer', 'b-1', $6, 'R6.1', 'system', 'platform', '', 'requested', now())""",
        movement.key, case.complaint, purpose, payer.role, payer.id, fen,
    )  # fmt: skip
    return movement


async def left(pool: Pool, movement: Movement) -> int:
    return (await HeldMoney(pool).left(movement)).amount


async def test_all_that_was_paid_and_shipping_is_held_at_first(world: World, pool: Pool) -> None:
    first = await asked(pool, await world.opened(), Purpose.REFUND, 10000)
    assert await left(pool, first) == 30900


async def test_what_sellers_paid_before_is_gone_and_what_comes_later_takes_nothing_away(
    world: World, pool: Pool
) -> None:
    case = await world.opened()
    first = await asked(pool, case, Purpose.REFUND, 10000)
    other = await world.opened(order_id=case.filing.order_id, problem=Problem.WRONG_ITEM)
    second = await asked(pool, other, Purpose.RECOVERY, 20000)
    third = await asked(pool, case, Purpose.RETURN_FREIGHT, 500)
    assert [await left(pool, one) for one in (first, second, third)] == [30900, 20900, 900]
    await pool.execute("UPDATE movements SET state = 'failed', failed_at = now() WHERE key = $1", first.key)
    assert [await left(pool, one) for one in (second, third)] == [30900, 10900]


async def test_what_the_platform_pays_draws_on_nobodys_held_money(world: World, pool: Pool) -> None:
    case = await world.opened()
    await asked(pool, case, Purpose.COMPENSATION, 10000, payer=PLATFORM)
    assert await left(pool, await asked(pool, case, Purpose.REFUND, 100)) == 30900


async def test_the_order_systems_own_word_on_held_money_goes_before_the_price(world: World, pool: Pool) -> None:
    case = await world.opened()
    await _say_held(pool, case, 5000)
    movement = await asked(pool, case, Purpose.REFUND, 100)
    assert await left(pool, movement) == 5000


async def test_what_went_its_own_course_between_two_complaints_is_not_held_any_more(world: World, pool: Pool) -> None:
    case = await world.opened()
    other = await world.opened(order_id=case.filing.order_id, problem=Problem.WRONG_ITEM)
    await _say_held(pool, other, 0)
    assert await left(pool, await asked(pool, other, Purpose.REFUND, 100)) == 0
    assert await left(pool, await asked(pool, case, Purpose.REFUND, 100)) == 30800


async def test_held_money_is_never_less_than_nothing(world: World, pool: Pool) -> None:
    case = await world.opened()
    await asked(pool, case, Purpose.COMPENSATION, 90000)
    assert await left(pool, await asked(pool, case, Purpose.REFUND, 100)) == 0


async def test_a_movement_nobody_wrote_down_draws_on_nothing(world: World, pool: Pool) -> None:
    movement = await asked(pool, await world.opened(), Purpose.REFUND, 100)
    assert await left(pool, movement.but(key="C20261122-0000000000:refund:1")) == 0


async def _say_held(pool: Pool, case: Case, fen: int) -> None:
    await pool.execute(
        "UPDATE complaints SET opening = jsonb_set(opening::jsonb, '{order,held}', $2::jsonb) WHERE complaint = $1",
        case.complaint, f'{{"amount": {fen}, "currency": "CNY"}}',
    )  # fmt: skip
