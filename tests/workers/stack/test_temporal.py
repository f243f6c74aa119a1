"""The embedded Temporal alone: search attributes, time skipping, and activities that stand alone."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from temporalio import activity, workflow
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper
from temporalio.worker import Worker

from tests.workers.stack.world import processes_on
from workers.stack.errors import StackError
from workers.stack.temporal import Temporal

QUEUE = "patience"
PHASE = SearchAttributeKey.for_keyword("Phase")


@workflow.defn(sandboxed=False)
class TenDays:
    @workflow.run
    async def run(self) -> float:
        began = workflow.now()
        await workflow.sleep(timedelta(days=10))
        return (workflow.now() - began).total_seconds()


@activity.defn
async def tell(_: str) -> datetime:
    return activity.info().started_time


@pytest.fixture(scope="module")
async def skipping(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    home = tmp_path_factory.mktemp("skipping")
    async with Temporal(home, search_attributes={"Phase": "Keyword"}, time_skipping=True) as server:
        yield await Client.connect(server.address)
    assert processes_on(home) == []


async def test_with_time_skipping_ten_days_pass_at_once(skipping: Client) -> None:
    async with Worker(skipping, task_queue=QUEUE, workflows=[TenDays]):
        handle = await skipping.start_workflow(TenDays.run, id="ten-days", task_queue=QUEUE)
        await TimeSkipper(skipping).fast_forward(handle, timedelta(days=11))
        assert timedelta(seconds=await handle.result()) >= timedelta(days=10)


async def test_activities_stand_alone_and_can_be_delayed_on_a_time_skipping_server(skipping: Client) -> None:
    async with Worker(skipping, task_queue=QUEUE, activities=[tell]):
        handle = await skipping.start_activity(
            tell,
            "hello",
            id="notice-1",
            task_queue=QUEUE,
            start_to_close_timeout=timedelta(seconds=10),
            start_delay=timedelta(seconds=1),
            search_attributes=TypedSearchAttributes([SearchAttributePair(PHASE, "review")]),
        )
        started = await handle.result()
        asked = (await handle.describe()).schedule_time
        assert asked is not None
        assert started - asked >= timedelta(seconds=1)


async def test_closed_workflows_are_kept_for_a_month(skipping: Client) -> None:
    found = await skipping.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=skipping.namespace))
    assert found.config.workflow_execution_retention_ttl.ToTimedelta() == timedelta(days=30)


async def test_search_attributes_are_registered_on_a_file_that_exists_already(tmp_path: Path) -> None:
    async with Temporal(tmp_path):
        pass
    async with Temporal(tmp_path, search_attributes={"Phase": "Keyword", "NextDueAt": "Datetime"}) as server:
        client = await Client.connect(server.address)
        attributes = TypedSearchAttributes([SearchAttributePair(PHASE, "review")])
        await client.start_workflow("Anything", id="found", task_queue=QUEUE, search_attributes=attributes)
        handle = client.get_workflow_handle("found")
        with pytest.raises(RPCError, match=r"(?i)time.?skipping"):
            await TimeSkipper(client).fast_forward(handle, timedelta(days=1))
    with pytest.raises(StackError, match="Phase exists with another type than Int"):
        await Temporal(tmp_path, search_attributes={"Phase": "Int"}).__aenter__()
    assert processes_on(tmp_path) == []


def test_an_unknown_type_of_search_attribute_is_named(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="Number is no type"):
        Temporal(tmp_path, search_attributes={"Phase": "Number"})
