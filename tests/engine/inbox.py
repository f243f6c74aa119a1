"""What arrived at everybody's inbox on a stack."""

from tests.engine.attacker import until
from workers.sandbox.client import SandboxClient

PATIENCE = 120.0
"""Seconds of real time within which every notice must have arrived."""


class Inbox:
    """What arrived at everybody's inbox, read as seldom as possible."""

    def __init__(self, sandbox: SandboxClient) -> None:
        self._sandbox = sandbox
        self._keys: dict[str, list[str]] = {}

    async def of(self, complaint: str, number: int) -> list[str]:
        """Return the keys of a complaint's notices once so many have arrived; fails when they do not."""

        async def there() -> bool:
            if len(self._keys.get(complaint, ())) < number:
                await self._read()
            return len(self._keys.get(complaint, ())) >= number

        await until(there, PATIENCE, f"{number} notices of {complaint}")
        return self._keys.get(complaint, [])

    async def _read(self) -> None:
        self._keys = {}
        for notice in await self._sandbox.inbox():
            self._keys.setdefault(notice.key.split(":")[0], []).append(notice.key)
