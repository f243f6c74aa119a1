"""What goes wrong behind the doors is named in the log, and never with what somebody wrote."""

from structlog.testing import capture_logs

from tests.starter.http.gateway.own import Own
from tests.starter.http.gateway.saying import filing

_PHONE = "13800000000"


async def test_a_row_that_the_database_refuses_is_not_quoted_and_not_asked_for_again(own: Own, name: str) -> None:
    no_calls = f"ALTER TABLE inbox ADD CONSTRAINT no_calls CHECK (message::text NOT LIKE '%{_PHONE}%') NOT VALID"
    await own.pool.execute(no_calls)
    try:
        with capture_logs() as lines:
            answer = await own.programs["buyer-app"].post("/v1/complaints", filing(name, description=f"电话 {_PHONE}"))
    finally:
        await own.pool.execute("ALTER TABLE inbox DROP CONSTRAINT no_calls")
    (line,) = [line for line in lines if line["log_level"] == "error"]
    assert line["reason"] == "CheckViolationError 23514 no_calls"
    assert "inbox.py" in line["where"]
    assert _PHONE not in f"{lines} {answer.text}"
    assert (answer.status_code, "tell us" in answer.json()["detail"]) == (500, True)


async def test_a_fault_of_a_door_says_where_and_not_what(own: Own, name: str) -> None:
    await own.pool.execute("ALTER TABLE inbox RENAME TO inbox_away")
    try:
        with capture_logs() as lines:
            answer = await own.programs["buyer-app"].post("/v1/complaints", filing(name))
    finally:
        await own.pool.execute("ALTER TABLE inbox_away RENAME TO inbox")
    assert answer.status_code == 503
    (line,) = [line for line in lines if line["log_level"] == "warning"]
    assert line["reason"].startswith("UndefinedTableError 42P01")
