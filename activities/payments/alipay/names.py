"""How our names and amounts are written at Alipay, and read back: request numbers and yuan."""

import re

from workflows.money.amount import Money

_KEY = re.compile(r"(C[0-9]{8})-([0-9A-Z]{10}):([a-z]+(?:_[a-z]+)*):([1-9][0-9]{0,3})")
_NUMBER = re.compile(r"(C[0-9]{8})_([0-9A-Z]{10})_([a-z]+(?:_[a-z]+)*)_([1-9][0-9]{0,3})")


class Unwritable(ValueError):  # noqa: N818 - named for what it says
    """A name or an amount that has no form at Alipay, or came from there in none of ours; the text says which."""


def request_number(key: str) -> str:
    """Return a movement's key as Alipay takes it: letters, digits and underscores, at most 64 characters.

    One to one, and the same on every call: Alipay carries out a request number once, whatever is sent and how often.
    """
    parts = _KEY.fullmatch(key)
    if parts is None:
        raise Unwritable(f"the movement {key} has no request number at Alipay, which takes keys of complaints only")
    return "_".join(parts.groups())


def key_of(number: str) -> str | None:
    """Return the key of the movement behind a request number; None for a number that is none of ours."""
    parts = _NUMBER.fullmatch(number)
    return None if parts is None else f"{parts[1]}-{parts[2]}:{parts[3]}:{parts[4]}"


def yuan(money: Money) -> str:
    """Return an amount as Alipay takes it: yuan with two decimals, exactly."""
    return str(money)


def money(text: str) -> Money:
    """Read an amount in yuan as Alipay gives it: `88.88`, `88.8` or `88`; raises Unwritable."""
    try:
        if not text.isascii():
            raise ValueError
        return Money.parse(text)
    except ValueError:
        raise Unwritable("an amount that is no amount in yuan") from None
