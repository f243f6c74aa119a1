"""What every value of the domain shares: frozen, strict, nothing unknown, nothing unprintable."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has had one time zone without daylight saving since 1991: a fixed offset is exact and needs no tz database."""

_SURROGATE = re.compile("[\ud800-\udfff]")


class Value(BaseModel):
    """A frozen value: compared by content, changed only by making another one."""

    # What was sent may be personal, and the text of an error is logged: it tells the place, never the value.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    def but(self, **changes: Any) -> Self:
        """Return the same value with some fields changed (the caller answers for their types)."""
        return self.model_copy(update=changes)


def _storable(text: str) -> str:
    # PostgreSQL refuses NUL on every retry and encoders break on lone surrogates: both would block a case for ever.
    if "\x00" in text:
        raise ValueError("contains a NUL character, which cannot be stored")
    if _SURROGATE.search(text):
        raise ValueError("contains half of a surrogate pair, which cannot be encoded")
    return text


def _utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("lies outside the years that can be computed with") from None


Text = Annotated[str, Field(max_length=4000), AfterValidator(_storable)]
"""Free text of a person, at most 4,000 characters."""

ShortText = Annotated[str, Field(max_length=200), AfterValidator(_storable)]
"""A label, a title or a remark, at most 200 characters."""

Id = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[!-~]+$")]
"""An opaque identifier: printable ASCII without spaces, at most 128 characters."""

Instant = Annotated[AwareDatetime, AfterValidator(_utc)]
"""A point in time: RFC 3339 with an offset outside, UTC inside."""
