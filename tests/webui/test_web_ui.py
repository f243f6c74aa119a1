"""What operations see in the web UI, in a real browser: the list, a case in three phases, the dialogs."""

import json
from urllib.parse import quote

import pytest
from playwright.async_api import FrameLocator, Locator, Page, expect

from starter.demo.player import StoryRun
from starter.demo.screen import link, listed
from tests.conftest import Running
from tests.engine.attacker import until
from tests.webui import browser
from tests.webui.conftest import Three
from workflows.vocabulary import Phase

COLUMNS = ("Status", "Workflow ID", "Phase", "WaitingOn", "NextDueAt", "Handler", "Overdue", "Outcome")


async def test_the_list_filters_by_url_and_shows_the_search_attributes(
    page: Page, stack: Running, three: Three
) -> None:
    await page.goto(listed(stack.ready.ui, Phase="negotiation"), wait_until="domcontentloaded")
    await page.evaluate(
        "columns => localStorage.setItem('namespace-workflow-table-columns', JSON.stringify({default: columns}))",
        [{"label": name} for name in COLUMNS],
    )
    await page.reload(wait_until="domcontentloaded")
    row = page.get_by_role("row").filter(has_text=three.negotiation.complaint)
    await expect(row).to_be_visible()
    handler = (await three.negotiation.view()).handler or ""
    for shown in ("Running", "negotiation", "seller", handler):
        await expect(row).to_contain_text(shown, ignore_case=True)
    await expect(page.get_by_role("row").filter(has_text=three.confirmation.complaint)).to_have_count(0)


async def test_what_waited_is_unset_once_a_complaint_is_closed(page: Page, stack: Running, three: Three) -> None:
    query = f'WorkflowId="{three.closed.complaint}" AND Handler is null AND NextDueAt is null AND Overdue is null'
    address = listed(stack.ready.ui, Outcome="fulfilled") + quote(f" AND {query}")
    await page.goto(address, wait_until="domcontentloaded")
    await expect(page.get_by_role("row").filter(has_text=three.closed.complaint)).to_be_visible()


async def test_timers_and_activities_say_what_they_are_for(page: Page, stack: Running, three: Three) -> None:
    await _open(page, stack, three.negotiation.complaint)
    await expect(page.get_by_text("seller answers, else the platform steps in (R3.3)").first).to_be_visible()
    await expect(page.get_by_text("registers the complaint (R1.2)").first).to_be_visible()
    await expect(page.get_by_text("吊牌上只有百分之三十").first).to_be_visible()


async def test_a_case_in_negotiation_tells_who_must_answer_and_how(page: Page, stack: Running, three: Three) -> None:
    told = await _details(page, stack, three.negotiation.complaint)
    for heading in ("Negotiation", "Who must do what by when (Beijing time)", "What can be sent now"):
        await expect(told.get_by_role("heading", name=heading)).to_be_visible()
    for text in ("羊毛双面呢大衣", "seller answers", "else the platform steps in (R3.3)", "refund 299.00 yuan"):
        await expect(told.get_by_text(text).first).to_be_visible()
    payload = json.loads(await told.locator("pre").inner_text())
    assert payload["kind"] == "seller_answered"
    assert payload["sender"] == {"role": "seller", "id": "shop-qinghe"}


async def test_the_summary_says_in_a_line_what_it_is_about(page: Page, stack: Running, three: Three) -> None:
    await _details(page, stack, three.negotiation.complaint)
    told = page.frame_locator("#user-metadata-summary")
    await expect(told.get_by_text("not as described, asks for refund 299.00 yuan")).to_be_visible()


async def test_a_case_in_confirmation_shows_the_ruling_and_both_parties(
    page: Page, stack: Running, three: Three
) -> None:
    told = await _details(page, stack, three.confirmation.complaint)
    await expect(told.get_by_role("heading", name="Ruling 1, sent")).to_be_visible()
    for text in ("buyer confirms or appeals", "seller confirms or appeals", "质检记录显示为穿着后洗涤不当"):
        await expect(told.get_by_text(text).first).to_be_visible()


async def test_a_closed_case_shows_how_it_ended_and_the_money(page: Page, stack: Running, three: Three) -> None:
    told = await _details(page, stack, three.closed.complaint)
    await expect(told.get_by_role("heading", name="Closed · fulfilled")).to_be_visible()
    await expect(told.get_by_text("refund 299.00 yuan from seller to buyer: settled")).to_be_visible()
    await expect(told.get_by_text("Nothing can be sent any more.")).to_be_visible()


async def test_the_update_dialog_names_the_door(page: Page, stack: Running, three: Three) -> None:
    await _open(page, stack, three.confirmation.complaint)
    dialog = await _dialog(page, "Send an Update")
    await dialog.locator("button[aria-haspopup], button:has(input)").first.click()
    await expect(dialog.get_by_role("option").filter(has_text="submit")).to_be_visible()


async def test_a_signal_sent_by_hand_is_heard(page: Page, stack: Running, three: Three) -> None:
    complaint = three.to_answer.complaint
    payload = await (await _details(page, stack, complaint)).locator("pre").inner_text()
    dialog = await _dialog(page, "Send a Signal")
    await dialog.locator("button:has(#signal-select)").click()
    options = dialog.get_by_role("option")
    await expect(options.filter(has_text="NOW: The seller agrees, counters with an offer")).to_be_visible()
    assert all(text.strip() for text in await options.all_inner_texts()), "no option is blank"
    await options.filter(has_text="seller_answered").click()
    await dialog.get_by_role("textbox", name="Data").click()
    await page.keyboard.insert_text(payload)
    await page.keyboard.press("Tab")  # leaving the field lays the text out anew, which would move the button away
    await dialog.get_by_role("button", name="Submit").click()
    await expect(page.locator("dialog[open]")).to_have_count(0)
    await until(lambda: _is_in(three.to_answer, Phase.FOLLOW_UP), what="the refund that the seller agrees to")
    told = await _details(page, stack, complaint)
    await expect(told.get_by_role("heading", name="Follow up")).to_be_visible()
    steps = [(step.event, step.actor) for step in await three.to_answer.timeline()]
    assert ("seller_answered", "shop-qinghe") in steps


def test_a_missing_browser_skips_or_fails_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "NAMES", ("no-such-browser",))
    monkeypatch.delenv("REDRESS_TEST_BROWSER", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-browser"):
        browser.program()
    monkeypatch.setenv("REDRESS_TEST_BROWSER", "required")
    with pytest.raises(pytest.fail.Exception, match="required"):
        browser.program()


async def _is_in(playing: StoryRun, phase: Phase) -> bool:
    return (await playing.view()).phase is phase


async def _open(page: Page, stack: Running, complaint: str) -> None:
    await page.goto(link(stack.ready.ui, complaint), wait_until="domcontentloaded")
    await expect(page.get_by_role("heading", name=complaint)).to_be_visible()


async def _details(page: Page, stack: Running, complaint: str) -> FrameLocator:
    await _open(page, stack, complaint)
    await page.get_by_role("link", name="User Metadata").or_(page.get_by_role("tab", name="User Metadata")).click()
    return page.frame_locator("#user-metadata-current-details")


async def _dialog(page: Page, name: str) -> Locator:
    await page.get_by_role("button", name="More Actions").filter(visible=True).click()
    await page.get_by_role("menuitem", name=name).click()
    dialog = page.locator("dialog[open]")
    await expect(dialog).to_be_visible()
    return dialog
