"""Heard from the inbox before silence is acted on is heard in time (R7.4): the same case, whenever it is delivered."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.complaint.rules.test_dispatch import DUE, agrees, negotiating
from tests.workflows.complaint.test_laws import _PROFILE, unlike, walks
from tests.workflows.complaint.walking import Said, Walk
from workflows.complaint.domain.case import Case
from workflows.complaint.rules.deadlines import next_silence
from workflows.complaint.rules.dispatch import expire, hear
from workflows.complaint.rules.registry import Deadline, Window
from workflows.complaint.rules.tables import WINDOWS
from workflows.policy.model import LimitName
from workflows.values import Instant

_MOMENT = timedelta(microseconds=1)


def outages(on_way: Walk) -> Iterator[tuple[list[Said], Instant]]:
    """Yield what was said between two other things, and the instant of the second: an outage may last as long."""
    ends = [*(event.at for event in on_way.events), on_way.now][1:]
    runs = groupby(zip(on_way.events, ends, strict=True), key=lambda pair: isinstance(pair[0], Said))
    for said, run in runs:
        pairs = list(run)
        if said:
            yield [event for event, _ in pairs if isinstance(event, Said)], pairs[-1][1]


@_PROFILE
@given(walks, st.timedeltas(timedelta(), timedelta(days=40)))
def test_what_the_inbox_held_over_an_outage_makes_the_case_that_hearing_it_in_time_makes(
    on_way: Walk, still: timedelta
) -> None:
    for said, end in outages(on_way):
        until = end + still
        drained = said[0].before
        for event in said:
            drained, answer = hear(drained, event.message.but(received_at=event.at), until)
            assert answer == event.answer
        assert unlike(expire(drained, until), expire(said[-1].after, until)) == {}


@_PROFILE
@given(walks, st.timedeltas(timedelta(), timedelta(days=40)))
def test_a_page_of_what_is_held_may_be_heard_twice(on_way: Walk, still: timedelta) -> None:
    for said, end in outages(on_way):
        once = twice = said[0].before
        for event in said:
            once, _ = hear(once, event.message.but(received_at=event.at), end + still)
        for event in (*said, *said):
            twice, _ = hear(twice, event.message.but(received_at=event.at), end + still)
        assert unlike(once, twice) == {}


@contextmanager
def lapses() -> Iterator[list[Instant]]:
    """Write down when silence was acted on."""
    acted_on: list[Instant] = []

    def noted(name: LimitName) -> Window:
        lapse = WINDOWS[name].lapse

        def lapsed(case: Case, deadline: Deadline) -> Case:
            acted_on.append(deadline.due_at)
            return lapse(case, deadline)

        return WINDOWS[name]._replace(lapse=lapsed)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("workflows.complaint.rules.dispatch.WINDOWS", {name: noted(name) for name in WINDOWS})
        yield acted_on


@_PROFILE
@given(walks)
def test_no_silence_is_acted_on_before_the_instant_that_was_named(on_way: Walk) -> None:
    """The workflow asks the inbox at that instant and not before: a default without it would be one unasked."""
    with lapses() as acted_on:
        for case in on_way.cases[::5]:
            silent = next_silence(case)
            before = silent - _MOMENT if silent else case.now + timedelta(days=30)
            expire(case, before)
            assert acted_on == []
            if silent:
                expire(case, silent)
                assert acted_on[0] == silent
            acted_on.clear()


def test_delivered_after_the_default_it_is_another_case() -> None:
    """What the inbox is for: the law above fails where silence is acted on unasked."""
    late = DUE + timedelta(hours=5)
    in_time, _ = hear(negotiating(), agrees(received_at=DUE), late)
    unasked, _ = hear(expire(negotiating(), late), agrees(received_at=DUE), late)
    assert unlike(in_time, unasked) != {}
