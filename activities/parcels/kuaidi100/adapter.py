"""Client of kuaidi100 in place of the carriers' own services (R6.3, R6.4)."""

import json
from typing import Any
from urllib.parse import urlencode

import httpx2
from pydantic import BaseModel, ConfigDict, Field

from activities.parcels.kuaidi100 import ADDRESS
from activities.parcels.kuaidi100.pushes import signature
from activities.parcels.kuaidi100.tracks import Track, company_of
from activities.partners.http import CALL_SECONDS, Answer, PartnerClient
from workflows.complaint.domain.parcels import Parcel, ParcelEvent

_STATES_IN_LISTS = "4"
"""`resultv2`: every item of a track has its state, in the finest form."""

_SUBSCRIBED = frozenset({"200", "501"})
"""Subscribed now, or before."""

_RETRYABLE = frozenset({"500", "501", "502"})
_UNKNOWN = "500"
"""Look-up: nothing is known of the number yet."""


class Account(BaseModel):
    """Credentials, the URL that pushes go to, and the salt that they are signed with."""

    model_config = ConfigDict(frozen=True)

    customer: str
    key: str = Field(repr=False)
    salt: str = Field(repr=False)
    callback: str


class _Status(BaseModel):
    model_config = ConfigDict(frozen=True)

    result: bool = True
    code: str = Field(default="", alias="returnCode", coerce_numbers_to_str=True)
    message: str = ""


class Kuaidi100(PartnerClient):
    """Client of kuaidi100; raises PartnerError only."""

    NAME = "kuaidi100"

    def __init__(
        self,
        account: Account,
        address: str = ADDRESS,
        *,
        client: httpx2.AsyncClient | None = None,
        seconds: float = CALL_SECONDS,
    ) -> None:
        super().__init__(address, client=client, seconds=seconds)
        self._account = account

    async def subscribe(self, parcel: Parcel, phone: str) -> None:
        """Subscribe to pushes of a parcel; some carriers require the phone number of a party."""
        parameters = {"callbackurl": self._account.callback, "salt": self._account.salt, "resultv2": _STATES_IN_LISTS}
        wanted = {
            "company": company_of(parcel.carrier),
            "number": parcel.tracking,
            "key": self._account.key,
            "parameters": parameters | ({"phone": phone} if phone else {}),
        }
        answer = await self._call("/poll", {"schema": "json", "param": _json(wanted)})
        status = self._partner.decode(_Status, answer)
        if status.code == "500":
            raise self._partner.unreachable("is out of order (500)")
        if status.code not in _SUBSCRIBED:
            raise self._partner.protocol_error(
                f"does not watch {parcel.key} ({status.code[:20]}: {status.message[:100]})"
            )

    async def look_up(self, parcel: Parcel, phone: str) -> tuple[ParcelEvent, ...]:
        """Return every known event of a parcel; empty if its carrier does not know it."""
        wanted = {"com": company_of(parcel.carrier), "num": parcel.tracking, "resultv2": _STATES_IN_LISTS}
        param = _json(wanted | ({"phone": phone} if phone else {}))
        sign = signature(param, self._account.key, self._account.customer)
        answer = await self._call("/poll/query.do", {"customer": self._account.customer, "sign": sign, "param": param})
        status = self._partner.decode(_Status, answer)
        if not status.result:
            return self._no_track(parcel, status)
        track = self._partner.decode(Track, answer)
        if track.nu != parcel.tracking:
            raise self._partner.protocol_error(f"answered about another parcel than {parcel.tracking}")
        return track.events()

    def _no_track(self, parcel: Parcel, status: _Status) -> tuple[ParcelEvent, ...]:
        if status.code == _UNKNOWN:
            return ()
        if status.code in _RETRYABLE:
            raise self._partner.unreachable(f"is out of order ({status.code})")
        raise self._partner.protocol_error(
            f"does not tell of {parcel.key} ({status.code[:20]}: {status.message[:100]})"
        )

    async def _call(self, path: str, fields: dict[str, str]) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await self._partner.exchange("POST", path, urlencode(fields).encode(), headers)
        if answer.status != 200:
            raise self._partner.unexpected(answer)
        return answer


def _json(wanted: dict[str, Any]) -> str:
    return json.dumps(wanted, ensure_ascii=False, separators=(",", ":"))
