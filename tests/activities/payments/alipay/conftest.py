"""A local Alipay for every test, and an adapter that pays over it."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from activities.payments.alipay.adapter import Alipay
from tests.activities.payments.alipay.gateway import LocalGateway, local_gateway
from tests.activities.payments.alipay.paying import Books, an_adapter


@pytest.fixture
async def gateway() -> AsyncIterator[LocalGateway]:
    async with local_gateway() as gateway:
        gateway.paid("o-1", "309.00")
        yield gateway


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture(scope="session")
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    """One client for all, since each new one reads every certificate there is."""
    async with httpx2.AsyncClient(trust_env=False) as shared:
        yield shared


@pytest.fixture
def alipay(gateway: LocalGateway, books: Books, client: httpx2.AsyncClient) -> Alipay:
    return an_adapter(gateway.url, client, books)
