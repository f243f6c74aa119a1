"""Nothing that anybody can see of a story changes unawares: `python -m tests.golden` shows what did, by kind."""

from tests.golden.__main__ import differences, saved, today


def test_every_story_leads_to_what_it_led_to() -> None:
    found = differences(saved(), today())
    assert {kind: places[:3] for kind, places in found.items()} == {}


def test_a_difference_would_be_found_and_named_by_its_kind() -> None:
    before = {"stories": {"a": {"timeline": [{"event": "filed", "rule": "R1.2"}]}}}
    after = {"stories": {"a": {"timeline": [{"event": "filed", "rule": "R1.3"}]}}}
    assert differences(before, after) == {"timeline/rule": [("/stories/a/timeline/0/rule", "R1.2", "R1.3")]}
