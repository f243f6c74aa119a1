"""Broadcast one message to many complaints: the selection is written down first, then each one is sent to, once."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import islice
from typing import Any

from pydantic import ValidationError

from activities.store.bulk_messages import keep_told_to_many
from activities.store.case_files import MOST, CaseFiles, Listed, Wanted
from starter.bulk.concurrency import run_concurrently
from starter.bulk.progress import RunProgress
from starter.bulk.result_file import ResultFile, digest
from starter.client.complaints import Complaints
from starter.client.errors import NotFound, Unreachable, WrongUse
from starter.client.filing_input import alternatives
from starter.client.message_input import MessageData, decode_message, with_envelope
from starter.client.record import Record
from workflows.answers import Refusal
from workflows.complaint.domain.messages import KINDS, Message
from workflows.parties import Party
from workflows.vocabulary import Phase

_BOOLEANS = {"yes": True, "true": True, "no": False, "false": False}
FILTERS = tuple(name for name in Wanted.model_fields if name != "limit")


def parse_filters(where: Sequence[str]) -> dict[str, str | bool]:
    """Parse `--where key=value` filters; raises WrongUse listing the known keys."""
    found: dict[str, str | bool] = {}
    for one in where:
        key, equals, value = one.partition("=")
        name = key.strip().replace("-", "_")
        if not equals or name not in FILTERS:
            known = ", ".join(f"{narrow}=…" for narrow in FILTERS)
            raise WrongUse(f"--where {one}: write one of {known}; they are the words of `redress list`")
        if name in found:
            raise WrongUse(f"--where {name} is there twice: a complaint has one")
        found[name] = _filter_value(name, value.strip())
    return found


def _filter_value(name: str, text: str) -> str | bool:
    if bool in alternatives(Wanted.model_fields[name].annotation):
        if text.lower() not in _BOOLEANS:
            raise WrongUse(f"--where {name}={text}: write yes or no")
        return _BOOLEANS[text.lower()]
    try:
        Wanted.model_validate({name: text}, strict=False)
    except ValidationError as wrong:
        (fault,) = wrong.errors(include_url=False, include_input=False)
        raise WrongUse(f"--where {name}={text}: {fault['msg']}") from None
    return text


async def select(cases: CaseFiles, where: dict[str, str | bool]) -> AsyncIterator[Listed]:
    """Yield every complaint that matches, page by page; closed ones only with phase=closed."""
    by = Wanted.model_validate({**where, "limit": MOST}, strict=False)
    last: Listed | None = None
    while page := await cases.list(by, after=last):
        last = page[-1]
        for one in page:
            if one.phase is not Phase.CLOSED or by.phase is Phase.CLOSED:
                yield one


MAX_CONCURRENT = 20
_MAX_UNANSWERED = 5
"""Consecutive complaints without an answer after which the run ends: no worker is running."""

FINAL = frozenset({"heard", "refused"})
Filters = dict[str, str | bool]


def broadcast_message(kind: str, data: MessageData, sender: Party, reason: str) -> Message:
    """Return the message to broadcast; raises WrongUse if it is invalid.

    Its message_id is a digest of content, sender and reason, so that a repeated run is deduplicated by each complaint.
    The reason becomes the message's own `reason` if the kind has that field and it is not set.
    """
    field = KINDS[kind].model_fields.get("reason")
    if field is not None and str in alternatives(field.annotation) and "reason" not in data:
        data = data | {"reason": reason}
    content = json.dumps([kind, data, str(sender), reason], sort_keys=True)
    return decode_message(with_envelope(kind, {"message_id": f"many-{digest(content).hex()}"} | data, sender))


class Broadcast:
    """One run; call `plan`, then `run`."""

    def __init__(self, message: Message, reason: str, where: Filters, results: ResultFile) -> None:
        self._message, self._reason, self._where, self._results = message, reason, where, results
        self._silent = 0
        self._done: dict[str, str] = {}
        self._planned: int | None = None
        self._listed_from = 0
        """The row where the complete selection begins: a run killed while selecting leaves a partial one before it."""
        for number, row in enumerate(results.rows()):
            self._read(number, row)

    def _read(self, number: int, row: dict[str, Any]) -> None:
        if "choosing" in row:
            self._listed_from = number
        elif "chosen" in row:
            self._planned = row["chosen"]
        elif row["state"] in FINAL:
            self._done[row["complaint"]] = row["state"]

    @property
    def remaining(self) -> int:
        """How many complaints have no final answer yet."""
        return (self._planned or 0) - len(self._done)

    async def plan(self, files: Record) -> int:
        """Write the selection to the result file, unless an earlier run did; returns its size."""
        if self._planned is None:
            self._listed_from = sum(1 for _ in self._results.rows())
            self._results.add({"choosing": self._where})
            self._planned = 0
            async for one in select(files.cases, self._where):
                self._results.add({"complaint": one.complaint, "state": "chosen"})
                self._planned += 1
            self._results.add({"chosen": self._planned})
        return self._planned

    async def run(self, files: Record, client: Complaints, progress: RunProgress, stop: asyncio.Event) -> None:
        """Record the reason, then send to those without a final answer; raises Unreachable if nobody answers."""

        async def tell(complaint: str) -> None:
            await self._tell(client, complaint, progress)

        assert self._planned, "nobody is told who was not written down"  # noqa: S101 - by `plan`
        await keep_told_to_many(files.pool, self._message, self._reason, self._where, self._planned)
        await run_concurrently(self._to_do(progress), tell, at_once=MAX_CONCURRENT, stop=stop)

    def _to_do(self, progress: RunProgress) -> Iterator[str]:
        for row in islice(self._results.rows(), self._listed_from + 1, None):
            if "chosen" in row:
                return
            if state := self._done.get(row["complaint"]):
                progress.count_earlier(state)
            else:
                yield row["complaint"]

    async def _tell(self, client: Complaints, complaint: str, progress: RunProgress) -> None:
        try:
            answer = await client.tell(complaint, self._message)
        except (Unreachable, NotFound) as wrong:
            self._keep(complaint, "unanswered", progress, text=str(wrong).partition(": ")[0])
            self._silent += isinstance(wrong, Unreachable)
            if self._silent >= _MAX_UNANSWERED:
                raise
            return
        self._silent = 0
        if isinstance(answer, Refusal):
            self._keep(complaint, "refused", progress, code=str(answer.code), rule=answer.rule, text=answer.text)
        else:
            self._keep(complaint, "heard", progress, phase=str(answer.phase), step=answer.steps)

    def _keep(self, complaint: str, state: str, progress: RunProgress, **more: Any) -> None:
        self._results.add({"complaint": complaint, "state": state} | more)
        progress.count(state)
