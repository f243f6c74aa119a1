"""What a partner can leave us with instead of an answer; neither proves that nothing was done."""

from datetime import timedelta


class PartnerError(Exception):
    """No usable answer of a partner; the text says which, where, what is known and what follows."""


class PartnerUnreachable(PartnerError):  # noqa: N818 - named as the news it brings
    """No answer, or one that means "later": try again, not before `retry_after` if the partner named it.

    A request that was on its way may have been carried out: look it up by its key before sending it again.
    """

    def __init__(self, text: str, retry_after: timedelta | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class PartnerConfused(PartnerError):  # noqa: N818 - named as the news it brings
    """An answer that contradicts what we sent or cannot be read: a person has to look, the text says at what.

    Trying again does no harm, since every request carries its key, and helps once the partner is mended.
    """
