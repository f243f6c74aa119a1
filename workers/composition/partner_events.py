"""The worker of the events to partners, apart: a receiver that is slow never delays a complaint or a notice."""

from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import Worker

from activities.partner_events.delivery import EventDispatcher
from workflows import wire

_AT_ONCE = 100
"""Deliveries that wait for answers; most of them are asleep. How many go to one receiver is bounded besides."""


def events_worker(client: Client, deliveries: EventDispatcher, grace: timedelta) -> Worker:
    """Build the worker of the deliveries."""
    return Worker(
        client,
        task_queue=wire.EVENTS_QUEUE,
        activities=[deliveries.deliver],
        max_concurrent_activities=_AT_ONCE,
        graceful_shutdown_timeout=grace,
    )
