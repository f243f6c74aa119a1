"""The notice sink: hands a finished notice to the channel that brings it to a person (R1.5, R10.3)."""

from pydantic import BaseModel, ConfigDict

from activities.adapters.http import PartnerClient
from workflows.domain.filing import Party


class _Receipt(BaseModel):
    model_config = ConfigDict(strict=True)

    key: str


class NoticeSink(PartnerClient):
    """Delivers over HTTP; raises PartnerUnreachable or PartnerConfused, nothing else."""

    NAME = "the notice sink"

    async def deliver(self, key: str, *, channel: str, to: Party, locale: str, subject: str, text: str) -> None:
        """Deliver one notice; the same key again arrives once, and is answered as delivered."""
        notice = {"key": key, "channel": channel, "to": to.model_dump(mode="json"), "locale": locale}
        notice |= {"subject": subject, "text": text}
        answer = await self._partner.call("POST", "/notices", notice, key=key)
        if answer.status not in (200, 201):
            raise self._partner.unexpected(answer)
        if self._partner.read(_Receipt, answer).key != key:
            raise self._partner.confused(f"answered for another notice than {key}")
