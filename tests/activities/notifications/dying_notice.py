"""`python -m tests.activities.notifications.dying_notice URL PARTNERS MAIL_PORT POINT < notice.json`.

It tells one notice, and dies at that point.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from temporalio.testing import ActivityEnvironment

from activities.notifications.channels import Delivery
from activities.notifications.delivery import NoticeDelivery
from activities.notifications.mail import Mail, MailServer
from activities.notifications.partners import InApp, NoticeSink
from activities.store import notifications
from activities.store.notifications import Outbox
from activities.store.pool import open_pool
from workflows.complaint.domain.records import Notice

POINTS = ("before the mail", "after the mail", "after the answer", "in the app")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DyingMail(Mail):
    """The real channel, and a process that dies around it."""

    def __init__(self, server: MailServer, point: str) -> None:
        super().__init__(server)
        self._point = point

    async def send(self, letter: Delivery) -> None:
        if self._point == "before the mail":
            die()
        await super().send(letter)
        if self._point == "after the mail":
            die()


class DyingSink(NoticeSink):
    async def deliver(self, *keys: Any, **words: Any) -> None:
        await super().deliver(*keys, **words)
        die()


def after(call: Callable[..., Any]) -> Callable[..., Any]:
    async def dies(*arguments: Any, **named: Any) -> Any:
        await call(*arguments, **named)
        die()

    return dies


async def main(url: str, partners: str, port: str, point: str, given: str) -> None:
    server = MailServer(host="127.0.0.1", port=int(port), security="none", sender="care@shop.example")
    sink = (DyingSink if point == "in the app" else NoticeSink)(partners)
    if point == "after the answer":
        vars(notifications)["Deliveries"].fared = after(vars(notifications)["Deliveries"].fared)
    pool = await open_pool(url)
    notices = NoticeDelivery(pool, InApp(Outbox(pool), sink), {"email": DyingMail(server, point)}, quiet=False)
    await ActivityEnvironment().run(notices.notify, Notice.model_validate_json(given))


if __name__ == "__main__":
    where, sandbox, mail, when = sys.argv[1:]
    asyncio.run(main(where, sandbox, mail, when, sys.stdin.read()))
