"""The number of a complaint: readable, opaque, the same for the same request."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from starter.client.filing_input import is_number, number_of, numbers_near

INSTANTS = some.integers(0, 30_000).map(lambda days: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=days))


def test_the_number_of_a_request_never_changes() -> None:
    assert number_of("app-1", datetime(2026, 11, 22, 4, tzinfo=UTC)) == "C20261122-BTVYE9F6QB"


def test_the_filing_date_is_the_date_in_beijing() -> None:
    assert number_of("app-1", datetime(2026, 11, 22, 15, 59, tzinfo=UTC)).startswith("C20261122-")
    assert number_of("app-1", datetime(2026, 11, 22, 16, 0, tzinfo=UTC)).startswith("C20261123-")


@given(some.text(min_size=1, max_size=128), INSTANTS)
def test_every_request_gives_a_number_of_the_contract(request_id: str, at: datetime) -> None:
    assert is_number(number_of(request_id.encode("utf-8", "replace").decode(), at))


@given(some.sets(some.integers(), min_size=2, max_size=50))
def test_different_requests_give_different_numbers(requests: set[int]) -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    assert len({number_of(f"app-{one}", at) for one in requests}) == len(requests)


def test_a_filing_near_midnight_may_carry_the_number_of_the_day_before() -> None:
    today, yesterday = numbers_near("app-1", datetime(2026, 11, 30, 16, 5, tzinfo=UTC))
    assert (today[:10], yesterday[:10]) == ("C20261201-", "C20261130-")
    assert today[10:] == yesterday[10:]


def test_what_is_no_number_is_told_from_one() -> None:
    for text in ("", "C20261122", "C20261122-BTVYE9F6QI", "c20261122-BTVYE9F6QB", "C20261122-BTVYE9F6QB\n"):
        assert not is_number(text), text
