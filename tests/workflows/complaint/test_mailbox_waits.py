"""Who has to wait until the inbox was asked, and for how long: not a moment longer than silence may be acted on."""

from datetime import timedelta

from tests.workflows.complaint.rules.test_dispatch import DUE, agrees, message, negotiating
from workflows.answers import Receipt
from workflows.complaint.domain.messages import Message
from workflows.complaint.mailbox import Mailbox
from workflows.vocabulary import Role

_LATE = DUE + timedelta(hours=1)


class Listens(Mailbox):
    """A complaint that waits for its seller; neither timer nor inbox have got to it yet."""

    def __init__(self) -> None:
        super().__init__()
        self._becomes(negotiating())
        self.takes_in = self._take_in


def note(number: int) -> Message:
    return message("noted", Role.AGENT, "a-1", message_id=f"note-{number}", text="来晚了")


async def test_who_waits_for_silence_to_be_acted_on_is_heard_as_soon_as_the_silent_one_has_spoken_in_time() -> None:
    complaint = Listens()
    waiting = [complaint.takes_in(note(number), _LATE) for number in (1, 2)]
    assert not any(answer.done() for answer in waiting), "to hear it would be to act on a silence that may be none"
    in_time = complaint.takes_in(agrees(message_id="in-time", received_at=DUE), _LATE)
    for answer in (in_time, *waiting):
        assert answer.done()
        assert isinstance(answer.result(), Receipt)
    assert complaint.opened is not None
    heard = [step.message_id for step in complaint.opened.timeline if step.message_id]
    assert heard[-3:] == ["in-time", "note-1", "note-2"]


async def test_who_waits_for_a_later_silence_waits_on() -> None:
    complaint = Listens()
    much_later = complaint.takes_in(note(1), DUE + timedelta(days=2))  # the time of the payment ends before
    in_time = complaint.takes_in(agrees(message_id="in-time", received_at=DUE), DUE + timedelta(days=2))
    assert in_time.done()
    assert not much_later.done()
