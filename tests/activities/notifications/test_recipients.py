"""Ways to somebody: what was wished, what holds for the role, what the filing says, and the app at last."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from activities.notifications.channels import CHANNELS
from activities.notifications.preferences import (
    DEFAULT_QUIET_HOURS,
    Preferences,
    QuietHours,
    is_address_of,
    resolve_recipient,
)
from workflows.complaint.domain.filing import Contact
from workflows.parties import Party
from workflows.values import BEIJING
from workflows.vocabulary import Role

BUYER, AGENT = Party(role=Role.BUYER, id="b-1"), Party(role=Role.AGENT, id="a-1")
CONTACT = Contact(name="李", phone="+86 138 0000 0000", email="li@mail.test")
NOTHING = Preferences()


def ways(
    to: Party, event: str = "closed", own: Preferences = NOTHING, of_role: Preferences = NOTHING
) -> list[tuple[str, str]]:
    return [(way.channel, way.address) for way in resolve_recipient(to, event, own, of_role, CONTACT).routes]


def test_who_never_said_anything_is_told_in_the_app_in_chinese() -> None:
    assert ways(BUYER) == [("in_app", "")]
    assert resolve_recipient(BUYER, "closed", NOTHING, NOTHING, CONTACT).locale == "zh_CN"


def test_the_buyer_of_a_filing_is_written_to_at_the_contact_it_names() -> None:
    assert ways(BUYER, own=Preferences(channels=("email", "sms"))) == [
        ("email", CONTACT.email), ("sms", CONTACT.phone), ("in_app", ""),
    ]  # fmt: skip


def test_nobody_but_the_buyer_is_written_to_at_the_contact_of_the_filing() -> None:
    for role in set(Role) - {Role.BUYER}:
        told = ways(Party(role=role, id="x-1"), own=Preferences(channels=("email", "sms")))
        assert told == [("sms", ""), ("in_app", "")]


def test_an_address_of_ones_own_comes_before_that_of_the_filing() -> None:
    own = Preferences(channels=("email",), addresses={"email": "other@mail.test"})
    assert ways(BUYER, own=own)[0] == ("email", "other@mail.test")


def test_what_holds_for_the_role_holds_until_somebody_wishes_otherwise() -> None:
    of_role = Preferences(locale="en", channels=("dingtalk",), addresses={"dingtalk": "ops"})
    assert ways(AGENT, of_role=of_role) == [("dingtalk", "ops"), ("in_app", "")]
    assert ways(AGENT, own=Preferences(channels=()), of_role=of_role) == [("in_app", "")]
    assert resolve_recipient(AGENT, "closed", NOTHING, of_role, CONTACT).locale == "en"
    assert resolve_recipient(AGENT, "closed", Preferences(locale="zh_CN"), of_role, CONTACT).locale == "zh_CN"


def test_the_reminder_after_a_day_is_a_short_message_unless_one_wants_none() -> None:
    """R10.1: a message at once, a short message after 24 h."""
    assert [channel for channel, _ in ways(BUYER, "follow_up_started")] == ["in_app"]
    assert [channel for channel, _ in ways(BUYER, "survey_reminded")] == ["sms", "in_app"]
    unwilling = Preferences(channels=("email",))
    assert [channel for channel, _ in ways(BUYER, "survey_reminded", own=unwilling)] == ["email", "in_app"]


@pytest.mark.parametrize("phone", ["", "call me", "1", "13800000000; rm", "+86\n138"])
def test_a_contact_that_is_no_address_is_no_way(phone: str) -> None:
    contact = Contact(phone=phone, email=f"{phone}@")
    told = resolve_recipient(BUYER, "closed", Preferences(channels=("email", "sms")), NOTHING, contact)
    assert [(way.channel, way.address) for way in told.routes] == [("sms", ""), ("in_app", "")]


@given(st.text(max_size=60))
def test_nothing_that_could_forge_a_line_is_a_mail_address(text: str) -> None:
    if is_address_of("email", text):
        assert text.isascii()
        assert text.count("@") == 1
        assert not set(text) & set(' \r\n\t<>,;:"()[]\\')


@given(
    st.builds(Preferences, channels=st.none() | st.lists(st.sampled_from(CHANNELS), unique=True).map(tuple)),
    st.builds(Preferences, channels=st.none() | st.lists(st.sampled_from(CHANNELS), unique=True).map(tuple)),
    st.sampled_from(Role),
    st.sampled_from(["closed", "survey_reminded"]),
)
def test_everybody_can_be_reached_and_no_channel_comes_twice(
    own: Preferences, of_role: Preferences, role: Role, event: str
) -> None:
    told = [way.channel for way in resolve_recipient(Party(role=role, id="x-1"), event, own, of_role, CONTACT).routes]
    assert "in_app" in told
    assert len(told) == len(set(told))


@pytest.mark.parametrize(
    "wrong",
    [
        {"channels": ["email", "email"]}, {"channels": ["pigeon"]}, {"quiet": "25:00-08:00"}, {"quiet": "22:00"},
        {"quiet": "08:00-08:00"}, {"addresses": {"email": "a b@c"}}, {"addresses": {"dingtalk": "http://x y"}},
        {"locale": "fr"}, {"colour": "red"},
    ],
)  # fmt: skip
def test_wishes_that_cannot_be_kept_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Preferences.model_validate(wrong)


SOME_YEAR = datetime.fromisoformat("2026-01-01")


def at(hour: int, minute: int = 0, day: int = 22) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("hours", "now", "over"),
    [
        ("22:00-08:00", at(21, 59), None), ("22:00-08:00", at(22), at(8, day=23)), ("22:00-08:00", at(0), at(8)),
        ("22:00-08:00", at(7, 59), at(8)), ("22:00-08:00", at(8), None), ("12:30-14:00", at(13), at(14)),
        ("12:30-14:00", at(14), None), ("12:30-14:00", at(3), None), ("00:00-06:00", at(5), at(6)),
    ],
)  # fmt: skip
def test_quiet_hours_are_of_the_clock_in_beijing(hours: str, now: datetime, over: datetime | None) -> None:
    assert QuietHours.parse(hours).quiet_until(now) == over


@given(st.times(), st.times(), st.datetimes(timezones=st.just(BEIJING), min_value=SOME_YEAR))
def test_quiet_is_always_over_within_a_day_and_not_quiet_then(begins: object, ends: object, now: datetime) -> None:
    if begins == ends or now.year > 9000:
        return
    hours = QuietHours.model_validate({"begins": begins, "ends": ends})
    over = hours.quiet_until(now)
    if over is not None:
        assert 0 < (over - now).total_seconds() <= 86_400
        assert hours.quiet_until(over) is None


def test_only_what_wakes_people_waits_for_the_morning_unless_they_say_so() -> None:
    of_role = Preferences(channels=("sms", "email", "dingtalk"), addresses={"dingtalk": "ops", "email": "x@y.z"})
    quiet = {way.channel: way.quiet for way in resolve_recipient(BUYER, "closed", NOTHING, of_role, CONTACT).routes}
    assert quiet == {"sms": DEFAULT_QUIET_HOURS, "email": DEFAULT_QUIET_HOURS, "dingtalk": None, "in_app": None}
    for to, own in ((AGENT, NOTHING), (BUYER, Preferences(quiet="none"))):
        assert {way.quiet for way in resolve_recipient(to, "closed", own, of_role, CONTACT).routes} == {None}
    noon = Preferences(quiet="12:00-14:00")
    quiet = {way.channel: way.quiet for way in resolve_recipient(AGENT, "closed", noon, of_role, CONTACT).routes}
    assert quiet == {"sms": noon.hours, "email": noon.hours, "dingtalk": noon.hours, "in_app": None}
