"""The ledger told once more in plain Python: everything is counted anew from the movements at every step."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.activities.store.moving import PARTIES

PAID, SHIPPING, MULTIPLE = 29900, 1000, 3
GIVES = frozenset({"refund", "price_difference", "compensation", "coupon", "advance"})
ENDS_AN_ADVANCE = frozenset({"unfreeze", "claw_back"})
REPAYS = frozenset({"recovery", "write_off"})
WAYS = {
    ("decided", "requested"), ("decided", "failed"), ("requested", "settled"), ("requested", "failed"),
    ("settled", "reversed"), ("failed", "settled"),
}  # fmt: skip


@dataclass(frozen=True)
class Complaint:
    """A complaint and its line.

    Where its ruling gives compensation, an advance may go above the price; one of return freight takes nothing of it.
    """

    number: str
    line: str
    compensates: bool = False
    freight: bool = False


@dataclass(frozen=True)
class Moved:
    """A movement as the model knows it."""

    key: str
    of: Complaint
    purpose: str
    payer: tuple[str, str]
    amount: int
    rest: int = 0
    state: str = "decided"
    deposit: int = 0
    been: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """Its number among those of its purpose."""
        return int(self.key.rsplit(":", maxsplit=1)[1])

    @property
    def refund(self) -> bool:
        """Whether it is bound by the price of the line."""
        if self.purpose in ENDS_AN_ADVANCE | {"advance"}:
            return not self.of.compensates
        return self.purpose in {"refund", "price_difference"}

    @property
    def counts(self) -> bool:
        """Whether the line gives it."""
        return not (self.of.freight and self.purpose in ENDS_AN_ADVANCE | {"advance"})

    @property
    def gone(self) -> int:
        """What of it goes back to the fund."""
        return self.amount if self.purpose == "claw_back" else self.rest

    def legs(self) -> Iterator[tuple[str, int]]:
        """Yield what its settlement posts."""
        frozen = f"buyer_frozen:{self.of.number}"
        (_, payee) = PARTIES[self.purpose]
        if self.purpose in ENDS_AN_ADVANCE:
            yield frozen, -self.amount - self.rest
        elif self.payer[0] == "seller":
            yield f"seller_held:{self.of.line}", self.deposit - self.amount
            yield f"seller_deposit:{self.payer[1]}", -self.deposit
        else:
            yield self.payer[1], -self.amount
        yield frozen if self.purpose == "advance" else _name(payee), self.amount
        yield "fund", self.rest


def _name(party: tuple[str, str]) -> str:
    role, who = party
    return who if role == "system" else f"{role}:{who}"


class Refused(Exception):  # noqa: N818 - named for what it says
    """The ledger must not take this."""


class Model:
    """What must be, whatever is tried."""

    def __init__(self) -> None:
        self.moved: dict[str, Moved] = {}

    # -- what is tried --------------------------------------------------------------------------------------------

    def decide(self, movement: Moved) -> None:
        """Take a new movement, or raise Refused."""
        if movement.key in self.moved or (movement.rest and movement.purpose != "unfreeze"):
            raise Refused
        self.moved[movement.key] = movement

    def turn(self, key: str, state: str, deposit: int | None = None) -> None:
        """Let a movement come to a state, or raise Refused and leave everything as it was."""
        before = self.moved[key]
        if before.state == state:
            self._still(before, deposit)
            return
        if (before.state, state) not in WAYS:
            raise Refused
        if before.state == "failed" and ("requested" not in before.been or self._replaced(before)):
            raise Refused
        drawn = self._split(before, deposit) if state == "settled" else before.deposit
        kept = dict(self.moved)
        self.moved[key] = after = replace(before, state=state, deposit=drawn, been=(*before.been, state))
        try:
            self._require(before, after)
        except Refused:
            self.moved = kept
            raise

    def _replaced(self, movement: Moved) -> bool:
        others = [one for one in self._of(movement.of.number) if one.purpose == movement.purpose]
        later = [one for one in others if one.number > movement.number]
        if movement.purpose == "advance":
            return bool(later) or any(one.state == "requested" for one in others)
        return any(one.state not in {"failed", "reversed"} for one in later)

    def _still(self, movement: Moved, deposit: int | None) -> None:
        if movement.state == "settled" and deposit not in (None, movement.deposit):
            raise Refused

    def _split(self, movement: Moved, deposit: int | None) -> int:
        by_seller = movement.payer[0] == "seller" and movement.purpose != "payout"
        if deposit is not None:
            if deposit and not (by_seller and 0 <= deposit <= movement.amount):
                raise Refused
            return deposit
        left = PAID + SHIPPING + self.balances()[f"seller_held:{movement.of.line}"]
        return max(0, movement.amount - max(0, left)) if by_seller else 0

    def _require(self, before: Moved, after: Moved) -> None:
        line, number = after.of.line, after.of.number
        refunded, given = self.of_the_line(line)
        more = given > Model._given_before(self, before, after)
        if not 0 <= refunded <= PAID + SHIPPING or (more and given > MULTIPLE * PAID):
            raise Refused
        _, frozen, _, back, leaving, repaid = told = self.advance(number)
        if min(told) < 0 or leaving > frozen:
            raise Refused
        taken = after.state == "requested" or before.state == "failed"
        if after.purpose == "advance" and taken:
            self._require_alone(after, frozen - (after.amount if after.state == "settled" else 0))
        if after.purpose in REPAYS and taken and repaid > told[0] - back:
            raise Refused

    def _given_before(self, before: Moved, after: Moved) -> int:
        self.moved[after.key] = before
        given = self.of_the_line(after.of.line)[1]
        self.moved[after.key] = after
        return given

    def _require_alone(self, advance: Moved, frozen: int) -> None:
        asked = sum(one.purpose == "advance" and one.state == "requested" for one in self._of(advance.of.number))
        if frozen or asked > 1:
            raise Refused

    # -- what must be ---------------------------------------------------------------------------------------------

    def _of(self, number: str) -> list[Moved]:
        return [one for one in self.moved.values() if one.of.number == number]

    def of_the_line(self, line: str) -> tuple[int, int]:
        """Return what was refunded and what was given of a line, promises counted."""
        sums = Counter[bool]()
        for one in self.moved.values():
            if not one.counts or one.of.line != line:
                continue
            if one.purpose in GIVES and one.state in {"requested", "settled"}:
                sums[one.refund] += one.amount
            if one.purpose in ENDS_AN_ADVANCE and one.state == "settled":
                sums[one.refund] -= one.gone
        return sums[True], sums[True] + sums[False]

    def advance(self, number: str) -> tuple[int, int, int, int, int, int]:
        """Return what is advanced, frozen, unfrozen, clawed back, leaving and repaid of a complaint."""
        of = self._of(number)
        settled = [one for one in of if one.state == "settled"]
        advanced = sum(one.amount for one in settled if one.purpose == "advance")
        unfrozen = sum(one.amount for one in settled if one.purpose == "unfreeze")
        back = sum(one.gone for one in settled if one.purpose in ENDS_AN_ADVANCE)
        asked = [one for one in of if one.state == "requested"]
        leaving = sum(one.amount + one.rest for one in asked if one.purpose in ENDS_AN_ADVANCE)
        repaid = sum(one.amount for one in (*settled, *asked) if one.purpose in REPAYS)
        return advanced, advanced - unfrozen - back, unfrozen, back, leaving, repaid

    def balances(self) -> Counter[str]:
        """Return what is in every account."""
        found = Counter[str]()
        for one in self.moved.values():
            if one.state == "settled":
                for account, amount in one.legs():
                    found[account] += amount
        return found

    def transactions(self) -> int:
        """Return how many transactions are in the book."""
        return sum({"settled": 1, "reversed": 2}.get(one.state, 0) for one in self.moved.values())
