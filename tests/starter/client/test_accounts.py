"""Four accounts of one complaint's money: where they agree nothing is said, where one differs it is named."""

import hashlib
import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from activities.store.ledger import Entry, Kept, Posting, Reached
from starter.client.accounts import NOT_ASKED, Accounts, Difference, ProviderEntry, differences
from starter.client.finance_list import sign_entries
from starter.terminal import as_data
from tests.workers.sandbox.running import a_movement
from workflows.complaint.domain.view import AdvanceView, MovementView, View
from workflows.complaint.views.view import registering
from workflows.money.amount import NOTHING, Money
from workflows.vocabulary import MoneyState, Outcome, Phase, Purpose

C = "C20261118-7K3M9Q0VWX"
KEY = f"{C}:refund:1"
NOW = datetime(2026, 11, 18, 4, tzinfo=UTC)
HUNDRED = Money(amount=10000)


def kept(state: str, *, since: timedelta = timedelta(hours=1), purpose: str = "refund", deposit: int = 0) -> Kept:
    reached = Reached(
        state=MoneyState(state), at=NOW - since, by="system:system", rule="R6.10", provider_reference=None, reason=None
    )
    return Kept(
        movement=a_movement(10000, C).but(purpose=Purpose(purpose)), key=KEY, complaint=C, purpose=purpose,
        amount=HUNDRED, state=MoneyState(state), from_deposit=Money(amount=deposit), states=(reached,), posted=(),
    )  # fmt: skip


def view(state: str | None, phase: Phase = Phase.FULFILMENT, outcome: Outcome | None = None) -> View:
    money = () if state is None else (
        MovementView(
            key=KEY, purpose="refund", payer="seller", payee="buyer", amount=HUNDRED, state=MoneyState(state),
            rule="R6.1", ordered_by="seller:s-1", remark="", provider_reference=None,
        ),
    )  # fmt: skip
    return registering(C).but(phase=phase, outcome=outcome, money=money)


def found(
    ledger: Kept | None, record: View | None, workflow: View | None, provider: ProviderEntry | str | None,
    status: str = "running", advance: tuple[int, int, int] | None = None,
) -> list[Difference]:  # fmt: skip
    theirs = None if isinstance(provider, str) else {KEY: provider} if provider else {}
    on = Accounts(C, [ledger] if ledger else [], advance, record, workflow, status, theirs, NOW)
    return list(differences(on))


AGREE = [
    ("decided", "decided", None),
    ("requested", "requested", "pending"),
    ("requested", "decided", "pending"),
    ("settled", "settled", "settled"),
    ("failed", "failed", "declined"),
    ("failed", "failed", None),
    ("reversed", "reversed", "reversed"),
    ("reversed", "reversed", "failed"),
]


@pytest.mark.parametrize(("ledger", "seen", "provider"), AGREE)
def test_where_all_four_agree_nothing_is_said(ledger: str, seen: str, provider: str | None) -> None:
    theirs = ProviderEntry(provider, HUNDRED, Money(amount=0)) if provider else None
    assert found(kept(ledger), view(seen), view(seen), theirs) == []
    assert found(kept(ledger), view(seen), None, NOT_ASKED, status=NOT_ASKED) == []


@pytest.mark.parametrize(
    ("ledger", "seen", "provider", "text", "advice"),
    [
        ("requested", "requested", "settled", "its report was not heard", "payment_reported"),
        ("requested", "requested", "declined", "its report was not heard", "--set result=failed"),
        ("requested", "requested", None, "never heard of it", "look at the activities"),
        ("settled", "settled", "reversed", "the provider took it back", "--set result=reversed"),
        ("settled", "settled", "failed", "provider's book says failed, ours settled", "have finance decide"),
        ("settled", "settled", None, "provider's book says nothing, ours settled", "pay nothing more"),
        ("failed", "failed", "settled", "provider's book says settled, ours failed", "have finance decide"),
        ("decided", "decided", "settled", "provider's book says settled, ours decided", "pay nothing more"),
    ],
)
def test_each_difference_to_the_providers_book_is_named_with_what_to_do(
    ledger: str, seen: str, provider: str | None, text: str, advice: str
) -> None:
    (one,) = found(kept(ledger), view(seen), view(seen), ProviderEntry(provider) if provider else None)
    assert text in one.text
    assert advice in one.advice
    assert (one.provider, one.ledger, one.record) == (provider or "-", ledger, seen)


def test_another_amount_or_another_split_is_named() -> None:
    (amount,) = found(kept("settled"), view("settled"), view("settled"), ProviderEntry("settled", Money(amount=1)))
    assert "the provider moved 0.01 yuan, our book says 100.00" in amount.text
    split = ProviderEntry("settled", HUNDRED, Money(amount=250))
    (deposit,) = found(kept("settled"), view("settled"), view("settled"), split)
    assert "took 2.50 yuan of it from the deposit, our book says 0.00" in deposit.text
    assert found(kept("settled", deposit=250), view("settled"), view("settled"), split) == []


def test_a_request_that_was_just_sent_may_be_under_way_and_a_write_off_concerns_no_provider() -> None:
    assert found(kept("requested", since=timedelta(seconds=5)), view("requested"), view("requested"), None) == []
    assert found(kept("settled", purpose="write_off"), view("settled"), view("settled"), None) == []


def test_what_a_complaint_did_not_hear_is_named() -> None:
    settled, open_, closed = kept("settled"), view("requested"), view("requested", Phase.CLOSED, Outcome.SETTLED)
    (unheard,) = found(settled, open_, open_, ProviderEntry("settled"))
    assert ("the complaint says requested", "payment_reported" in unheard.advice) == (unheard.text, True)
    (late,) = found(settled, closed, None, ProviderEntry("settled"), status="gone")
    assert "became settled after the end" in late.text
    (forgotten,) = found(settled, view(None), view(None), ProviderEntry("settled"))
    assert "the complaint does not know it" in forgotten.text
    (unwritten,) = found(None, view("settled"), view("settled"), NOT_ASKED)
    assert "the ledger does not have it" in unwritten.text


def test_record_and_workflow_are_compared() -> None:
    (money,) = found(kept("settled"), view("settled"), view("requested"), ProviderEntry("settled"))
    assert "the record says settled, the workflow requested" in money.text
    closed = view("settled", Phase.CLOSED, Outcome.SETTLED)
    (phase,) = found(kept("settled"), closed, view("settled"), ProviderEntry("settled"))
    assert "the record says settled, the workflow fulfilment" in phase.text
    (gone,) = found(kept("settled"), view("settled"), None, ProviderEntry("settled"), status="terminated")
    assert "its workflow is terminated" in gone.text
    stranger, *_ = found(None, None, view("settled"), NOT_ASKED)
    assert "is not on record" in stranger.text


def test_what_became_of_an_advance_is_compared() -> None:
    five = Money(amount=500)
    advance = AdvanceView(
        state="frozen", amount=five, frozen=five, unfrozen=NOTHING, clawed_back=NOTHING, recovery="none"
    )
    told = view("settled").but(advance=advance)
    assert found(kept("settled"), told, told, ProviderEntry("settled"), advance=(500, 0, 0)) == []
    (one,) = found(kept("settled"), told, told, ProviderEntry("settled"), advance=(0, 500, 0))
    assert "the record says 5.00 frozen, 0.00 unfrozen" in one.text


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not there to count it anew")
def test_the_seal_is_what_jq_and_sha256_make_of_it() -> None:
    entry = Entry(
        number=1, time=NOW, kind="settlement", complaint=C, movement=KEY, purpose="refund", payer="platform",
        payee="buyer:b-1", amount=HUNDRED, ordered_by="agent:a-1", rule="R6.1", remark="退款 “全额” <&> \\",
        provider_reference=None, postings=(Posting(account="platform", amount=-10000),),
    )  # fmt: skip
    listed = sign_entries([entry, entry], None, NOW.date(), None)
    written = subprocess.run(
        ["jq", "-cS", "{complaint, of, totals}, .entries[]"],  # noqa: S607
        input=json.dumps(as_data(listed), ensure_ascii=False).encode(), capture_output=True, check=True,
    )  # fmt: skip
    assert hashlib.sha256(written.stdout).hexdigest() == listed.sha256


@pytest.mark.parametrize("purpose", ["recovery", "write_off"])
def test_what_was_moved_for_a_debt_after_the_end_is_no_difference(purpose: str) -> None:
    ended = view(None, Phase.CLOSED, Outcome.FULFILLED)
    theirs = ProviderEntry("settled", HUNDRED, NOTHING) if purpose == "recovery" else None
    assert found(kept("settled", purpose=purpose), ended, ended, theirs, status="completed") == []
    assert found(kept("settled"), ended, ended, ProviderEntry("settled", HUNDRED, NOTHING), status="completed") != []
