"""kuaidi100 in place of the carriers' own services: one contract, one address for all of them (R6.3, R6.4)."""

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
"""Asks for the state, in its finest form, of every item of a list."""

_SUBSCRIBED = frozenset({"200", "501"})
"""Taken; or taken before and still watched."""

_LATER = frozenset({"500", "501", "502"})
_UNKNOWN = "500"
"""Of a question: nothing is known of the number yet."""


class Account(BaseModel):
    """What they gave us, and what we gave them: where to push to, and the salt that pushes are signed with."""

    model_config = ConfigDict(frozen=True)

    customer: str
    key: str = Field(repr=False)
    salt: str = Field(repr=False)
    callback: str


class _Verdict(BaseModel):
    model_config = ConfigDict(frozen=True)

    result: bool = True
    code: str = Field(default="", alias="returnCode", coerce_numbers_to_str=True)
    message: str = ""


class Kuaidi100(PartnerClient):
    """Asks kuaidi100; raises PartnerUnreachable or PartnerConfused, nothing else."""

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
        """Ask to be pushed every event of a parcel; some carriers want the phone of one of its parties."""
        parameters = {"callbackurl": self._account.callback, "salt": self._account.salt, "resultv2": _STATES_IN_LISTS}
        wanted = {
            "company": company_of(parcel.carrier),
            "number": parcel.tracking,
            "key": self._account.key,
            "parameters": parameters | ({"phone": phone} if phone else {}),
        }
        answer = await self._asked("/poll", {"schema": "json", "param": _json(wanted)})
        verdict = self._partner.read(_Verdict, answer)
        if verdict.code == "500":
            raise self._partner.unreachable("is out of order (500)")
        if verdict.code not in _SUBSCRIBED:
            raise self._partner.confused(f"does not watch {parcel.key} ({verdict.code[:20]}: {verdict.message[:100]})")

    async def look_up(self, parcel: Parcel, phone: str) -> tuple[ParcelEvent, ...]:
        """Return all that is known of a parcel, nothing if its carrier does not know it."""
        wanted = {"com": company_of(parcel.carrier), "num": parcel.tracking, "resultv2": _STATES_IN_LISTS}
        param = _json(wanted | ({"phone": phone} if phone else {}))
        sign = signature(param, self._account.key, self._account.customer)
        answer = await self._asked("/poll/query.do", {"customer": self._account.customer, "sign": sign, "param": param})
        verdict = self._partner.read(_Verdict, answer)
        if not verdict.result:
            return self._without(parcel, verdict)
        track = self._partner.read(Track, answer)
        if track.nu != parcel.tracking:
            raise self._partner.confused(f"answered about another parcel than {parcel.tracking}")
        return track.events()

    def _without(self, parcel: Parcel, verdict: _Verdict) -> tuple[ParcelEvent, ...]:
        if verdict.code == _UNKNOWN:
            return ()
        if verdict.code in _LATER:
            raise self._partner.unreachable(f"is out of order ({verdict.code})")
        raise self._partner.confused(f"does not tell of {parcel.key} ({verdict.code[:20]}: {verdict.message[:100]})")

    async def _asked(self, path: str, fields: dict[str, str]) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await self._partner.exchange("POST", path, urlencode(fields).encode(), headers)
        if answer.status != 200:
            raise self._partner.unexpected(answer)
        return answer


def _json(wanted: dict[str, Any]) -> str:
    return json.dumps(wanted, ensure_ascii=False, separators=(",", ":"))
