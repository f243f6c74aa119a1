"""How much a client may say: token buckets, one for all it says and a smaller one for each complaint."""

import math
from collections import OrderedDict
from typing import NamedTuple

from starter.http.gateway.problems import Problem

_MOST_BUCKETS = 20_000
"""The longest unused is forgotten first: by then it is full again, or nearly."""

_BURST_SECONDS = 10
"""How many seconds' worth may come at once."""


class Allowance(NamedTuple):
    """Requests in a minute: in all, and about one complaint."""

    in_all: int
    one_complaint: int


class _Bucket:
    def __init__(self, per_minute: int, now: float) -> None:
        self._rate = per_minute / 60
        self._size = max(self._rate * _BURST_SECONDS, 1.0)
        self._tokens, self._at = self._size, now

    def wait(self, now: float) -> float:
        """Take a token and return 0, or the seconds until there is one."""
        self._tokens = min(self._tokens + max(now - self._at, 0) * self._rate, self._size)
        self._at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self._rate


class Limits:
    """The buckets of one process."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[tuple[str, str, int], _Bucket] = OrderedDict()

    def take(self, client: str, allowance: Allowance, now: float, complaint: str = "") -> None:
        """Count one request, about a complaint or at all; raises Problem 429 saying when there is room again."""
        rate = allowance.one_complaint if complaint else allowance.in_all
        key = (client, complaint, rate)
        bucket = self._buckets.pop(key, None) or _Bucket(rate, now)
        self._buckets[key] = bucket
        while len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
        if seconds := math.ceil(bucket.wait(now)):
            about = f" about {complaint}" if complaint else ""
            text = f"client {client} may send {rate} requests a minute{about}: send it again in {seconds} s"
            raise Problem("too-many", text, headers={"Retry-After": str(seconds)})
