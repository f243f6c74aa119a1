"""`python -m tests.activities.partner_events.dying_delivery TEMPORAL DATABASE RECEIVER`.

A worker of deliveries, to be killed.
"""

import asyncio
import sys
from datetime import timedelta

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from activities.partner_events.delivery import EventDispatcher
from activities.partner_events.webhook import WebhookClient
from activities.store.partner_events import Outbound
from activities.store.pool import open_pool
from tests.activities.partner_events.receiving import Subscribers
from tests.activities.world import SELLER
from workers.composition.partner_events import events_worker


async def main(temporal: str, database: str, receiver: str) -> None:
    client = await Client.connect(temporal, data_converter=pydantic_data_converter)
    subscribers = Subscribers()
    subscribers.add("erp", SELLER, receiver)
    async with await open_pool(database) as pool, WebhookClient() as webhooks:
        deliveries = EventDispatcher(Outbound(pool), subscribers, webhooks)
        async with events_worker(client, deliveries, timedelta()):
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
