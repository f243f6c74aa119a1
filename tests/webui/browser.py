"""A real Chromium for the web UI, or the reason why there is none."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import HttpCredentials, Page, ViewportSize, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 60_000
"""Milliseconds that anything may take to be seen; on a busy machine the first page alone takes ten seconds."""


def program() -> str:
    """Return the browser's path; skips without one, or fails where REDRESS_TEST_BROWSER=required."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        missing = f"no browser here: install one of {', '.join(NAMES)}"
        if os.environ.get("REDRESS_TEST_BROWSER") == "required":
            pytest.fail(f"{missing}, as REDRESS_TEST_BROWSER=required demands")
        pytest.skip(missing)
    return found


@asynccontextmanager
async def page(sign_in: HttpCredentials | None = None) -> AsyncIterator[Page]:
    """Open one page of a fresh browser, wide enough for every column of a case; it signs in where it is asked to."""
    path = program()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=QUIET)
        try:
            wide: ViewportSize = {"width": 1600, "height": 1200}
            opened = await browser.new_page(viewport=wide, locale="en-US", http_credentials=sign_in)
            opened.set_default_timeout(PATIENCE)
            yield opened
        finally:
            await browser.close()
