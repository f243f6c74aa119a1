"""Role x kind x ownership: who may say what of whose complaint, through the gateway, by the rules' own tables."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import pytest

from starter.http.gateway.clients import kinds_of
from tests.starter.http.gateway.own import Own, gateway
from tests.starter.http.gateway.saying import filing
from tests.starter.http.gateway.signing import Program
from tests.starter.http.gateway.wire import statuses, written
from tests.workflows.complaint.speaking import roles_of, scene
from workflows.complaint.domain.messages import KINDS
from workflows.complaint.rules.tables import HEARINGS
from workflows.vocabulary import STAFF, Role

ROLES = sorted({*Role} - {Role.SYSTEM})
THEIRS = {Role.BUYER: "b-1", Role.SELLER: "sl-1", Role.CARRIER: "sf", Role.AGENT: "a-1", Role.DEPARTMENT: "order"}
ELSE = "somebody-else"

Whose = Literal["their own", "somebody else's", "of one they cannot speak for", "of another role", "unknown"]
CASES: tuple[Whose, ...] = (
    *("their own", "somebody else's", "of one they cannot speak for", "of another role", "unknown"),
)


def expected(role: Role, kind: str, whose: Whose) -> int:
    """Say what the rules' tables make of it: the role may say it, for this sender, of a complaint of theirs."""
    if kind not in kinds_of(role) or whose in ("of one they cannot speak for", "of another role"):
        return 403
    own_only = role in (Role.BUYER, Role.SELLER, Role.CARRIER)
    return 404 if whose == "unknown" or (whose == "somebody else's" and own_only) else 202


def said(complaint: str, role: Role, kind: str, whose: Whose) -> dict[str, Any]:
    """Return the message: who says it, and of what."""
    sender = {"role": role.value, "id": THEIRS.get(role, "x-1")}
    if whose == "somebody else's":
        sender["id"] = ELSE
    if whose == "of one they cannot speak for":
        sender["id"] = "spoken-for-by-nobody"
    if whose == "of another role":
        sender["role"] = (Role.SELLER if role is Role.BUYER else Role.BUYER).value
    about = "C20261122-0000000000" if whose == "unknown" else complaint
    own = {"kind": kind, "message_id": f"{role}-{kind}-{len(whose)}", "sender": sender}
    message = scene(kind, role).said | own
    return {"complaint": about, "message": message}


@pytest.fixture(scope="module")
async def narrow(record: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Own]:
    """A gateway whose clients speak for the parties of the tests and nobody else."""
    async with gateway(record, tmp_path_factory.mktemp("narrow")) as one:
        spoken_for = json.dumps([*THEIRS.values(), "x-1", ELSE])
        one.rewrite(speaks_for=spoken_for, per_complaint=1_000_000, per_minute=1_000_000)
        yield one


def of_role(own: Own, role: Role) -> Program:
    names = {Role.BUYER: "buyer-app", Role.SELLER: "seller-app", Role.CARRIER: "sf", Role.PAYMENT: "sandbox-pay"}
    return own.programs[names.get(role, f"desk-{role.replace('_', '-')}")]


@pytest.mark.parametrize("role", ROLES)
async def test_who_may_say_what_of_whose_complaint(narrow: Own, complaint: str, role: Role) -> None:
    program, table = of_role(narrow, role), [(kind, whose) for kind in sorted(HEARINGS) for whose in CASES]
    sent = []
    for kind, whose in table:
        body = json.dumps(said(complaint, role, kind, whose))
        sent.append(written("/v1/messages", program.headers(body), body.encode()))
    found = dict(zip(table, await statuses(narrow.port, sent, at_once=8), strict=True))
    assert found == {(kind, whose): expected(role, kind, whose) for kind, whose in table}


def test_the_table_has_every_kind_and_each_is_said_by_somebody() -> None:
    assert set(HEARINGS) == set(KINDS)
    assert {role: kinds_of(role) for role in ROLES} == {
        role: frozenset(kind for kind in KINDS if role in roles_of(kind)) for role in ROLES
    }
    assert not kinds_of(Role.CARRIER) & {"ruled", "seller_answered", "payment_reported"}
    assert kinds_of(Role.PAYMENT) == {"payment_reported"}


@pytest.mark.parametrize("role", ROLES)
async def test_who_may_file(narrow: Own, role: Role) -> None:
    program = of_role(narrow, role)
    from_them = filing(f"who-files-{role}", filed_by={"role": role.value, "id": THEIRS.get(role, "x-1")})
    for_others = from_them | {"filed_by": {"role": role.value, "id": "spoken-for-by-nobody"}}
    may = role is Role.BUYER or role in STAFF
    answers = [(await program.post("/v1/complaints", one)).status_code for one in (from_them, for_others)]
    assert answers == [202 if may else 403, 403]


@pytest.mark.parametrize("role", ROLES)
async def test_who_may_read(narrow: Own, complaint: str, role: Role) -> None:
    program, them = of_role(narrow, role), THEIRS.get(role, "x-1")
    readers = (f"{role}:{them}", f"{role}:{ELSE}", f"{role}:spoken-for-by-nobody")
    own = role in (Role.BUYER, Role.SELLER)
    for path in (f"/v1/complaints/{complaint}", f"/v1/complaints/{complaint}/timeline"):
        answers = [(await program.get(f"{path}?as={reader}")).status_code for reader in readers]
        assert answers == ([200, 404, 403] if own else [403, 403, 403])


async def test_a_client_may_be_given_fewer_kinds_than_its_role(record: str, complaint: str, tmp_path: Path) -> None:
    async with gateway(record, tmp_path) as one:
        text = one.file.read_text().replace('id = "seller-app"', 'id = "seller-app"\nkinds = ["offer_made"]')
        one.file.write_text(text)
        answers = [
            (await one.programs["seller-app"].post("/v1/messages", said(complaint, Role.SELLER, kind, "their own")))
            for kind in ("offer_made", "seller_answered")
        ]
    assert [answer.status_code for answer in answers] == [202, 403]
    assert answers[1].json()["code"] == "wrong_role"
