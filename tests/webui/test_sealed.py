"""In the web UI a sealed case is unreadable until a reader has signed in at the codec server; then it can be told."""

import json
import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from starter.demo.screen import link
from tests.conftest import Running
from tests.engine.attacker import until
from tests.starter.http.codec.conftest import SAID, Desk, desk, noted
from tests.webui import browser

__all__ = ["desk"]
pytestmark = pytest.mark.timeout(300)
TYPED = "called 13833333333"


@pytest.fixture
async def reader(desk: Desk) -> AsyncIterator[Page]:
    expect.set_options(timeout=browser.PATIENCE)
    codec = str(desk.stack.ready.codec)
    async with browser.page({"username": "operator", "password": desk.secret, "origin": codec}) as page:
        yield page


async def test_a_reader_who_signed_in_reads_and_tells_a_sealed_case(sealed: Running, desk: Desk, reader: Page) -> None:
    address, codec = link(sealed.ready.ui, desk.number), str(sealed.ready.codec)
    await reader.goto(address, wait_until="domcontentloaded")
    await expect(reader.get_by_role("button", name="Codec Server could not connect")).to_be_visible()
    await expect(reader.get_by_text(SAID)).to_have_count(0)
    await _sign_in(reader, codec, address)
    await expect(reader.get_by_text(SAID).first).to_be_visible()
    await expect(reader.get_by_text("registers the complaint (R1.2)").first).to_be_visible()
    await reader.get_by_role("link", name="User Metadata").or_(reader.get_by_role("tab", name="User Metadata")).click()
    details = reader.frame_locator("#user-metadata-current-details")
    await expect(details.get_by_text(SAID)).to_be_visible()
    await _tell(reader, noted(TYPED))

    async def heard() -> bool:
        return "noted" in [event for event, _ in await desk.told()]

    await until(heard, what="the note from the dialog")
    assert TYPED in str(await _signals(desk.stack, desk.number))


async def _sign_in(page: Page, codec: str, back: str) -> None:
    await page.goto(codec)
    await expect(page.get_by_text("Signed in as operator")).to_be_visible()
    await page.goto(back, wait_until="domcontentloaded")
    await page.get_by_role("button", name="Codec Server").click()
    await page.get_by_text("Use my browser setting and ignore Cluster-level setting.").click()
    dialog = page.locator("dialog[open]")
    await dialog.get_by_role("textbox").fill(codec)
    await dialog.get_by_text("Include cross-origin credentials").click()
    await dialog.get_by_role("button", name="Apply").click()
    await expect(page.locator("dialog[open]")).to_have_count(0)
    await page.reload(wait_until="domcontentloaded")


async def _tell(page: Page, message: dict[str, object]) -> None:
    await page.get_by_role("button", name="More Actions").filter(visible=True).click()
    await page.get_by_role("menuitem", name="Send a Signal").click()
    dialog = page.locator("dialog[open]")
    await dialog.locator("button:has(#signal-select)").click()
    await dialog.get_by_role("option").filter(has_text=re.compile(r"^\s*noted\b")).click()
    await dialog.get_by_role("textbox", name="Data").click()
    await page.keyboard.insert_text(json.dumps(message))
    await page.keyboard.press("Tab")
    await dialog.get_by_role("button", name="Submit").click()
    await expect(page.locator("dialog[open]")).to_have_count(0)


async def _signals(stack: Running, number: str) -> list[object]:
    """Return what the signals of a complaint say; every one of them lies sealed."""
    opened: list[object] = []
    async for event in stack.client.get_workflow_handle(number).fetch_history_events():
        if event.HasField("workflow_execution_signaled_event_attributes"):
            payloads = event.workflow_execution_signaled_event_attributes.input.payloads
            assert {one.metadata["encoding"] for one in payloads} == {b"binary/encrypted"}
            opened += await stack.client.data_converter.decode(payloads)
    return opened
