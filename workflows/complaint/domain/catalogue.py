"""What every event and every message says about itself: who may see it, who is told of it, how it reads, an example.

Each class of an event or a message carries one `Catalogue`; nothing else lists them. Recipients are named here and
found in the case by `views/notices.py`, because a class of the domain knows no case.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from workflows.vocabulary import PARTIES, Role


class Audience(StrEnum):
    """Whom a step is for (contract, step); staff see every step."""

    PARTIES = "parties"
    BUYER = "buyer"
    SELLER = "seller"
    STAFF = "staff"

    @property
    def roles(self) -> frozenset[Role]:
        """The parties that see it."""
        return _ROLES[self]


_ROLES = {
    Audience.PARTIES: PARTIES,
    Audience.BUYER: frozenset({Role.BUYER}),
    Audience.SELLER: frozenset({Role.SELLER}),
    Audience.STAFF: frozenset(),
}


class Recipient(StrEnum):
    """Who is told by a notice, as seen from the step it tells of."""

    BUYER = "buyer"
    SELLER = "seller"
    FILER = "filer"
    HANDLER = "handler"
    OTHERS = "others"
    """The parties other than the one who acted."""
    ASKED = "asked"
    """The parties whose yes a ruling needs (R2.2, R5.1)."""
    SUPERVISORS = "supervisors"
    OPERATIONS_MANAGER = "operations_manager"
    GENERAL_MANAGER = "general_manager"
    DEPARTMENT = "department"
    """The department of the work order that the event names, else of the latest."""
    DEPARTMENTS = "departments"
    """Every department that had a work order, and the sales side (R10.3)."""
    HOLDER = "holder"
    """Who owes the act of a limit: handler, department, or everybody of the role (R7.2)."""
    OWNER = "owner"
    """Who has to see to a payment, unless its failure leads on by itself (R6.10, R6.11)."""
    REPAYING_SELLER = "repaying_seller"
    """The seller, where it is the one who repays the fund (R9.5)."""
    WAITING_BUYER = "waiting_buyer"
    """The buyer, while the complaint is open: after the end nobody waits."""


class Notify(NamedTuple):
    """One notice: the name of its text, and who gets it; `where` names the values of fields that it is limited to."""

    notice: str
    recipients: tuple[Recipient, ...]
    where: Mapping[str, frozenset[str]] = {}


def notify(notice: str, *recipients: Recipient, **where: str | frozenset[str]) -> Notify:
    """Return a notice to those recipients; `notify("accepted", BUYER, decision="accept")` only on that decision."""
    limits = {name: frozenset({one}) if isinstance(one, str) else one for name, one in where.items()}
    return Notify(notice, recipients, limits)


class Catalogue(NamedTuple):
    """What the class of an event or message says of it.

    `whole` false: a party that is shown the step sees that it happened, not what was said or found. `only` narrows the
    audience by the value of a field: `{"purpose": {"recovery": SELLER}}`.
    """

    audience: Audience
    notices: tuple[Notify, ...]
    example: Mapping[str, Any]
    whole: bool = True
    only: Mapping[str, Mapping[Any, Audience]] = {}


PARTIES_SEE, BUYER_SEES, SELLER_SEES, STAFF_SEE = Audience.PARTIES, Audience.BUYER, Audience.SELLER, Audience.STAFF

NOBODY: tuple[()] = ()
"""Told to nobody by a notice."""

MOVEMENT = "C20261122-7K3M9Q0VWX:refund:1"
"""The key of a movement, for examples."""

EVIDENCE = {
    "id": "e-1",
    "kind": "photo",
    "uri": "https://evidence.example/e-1",
    "sha256": "0" * 64,
    "note": "开箱照片",
}
"""A piece of evidence, for examples."""


def example(**fields: Any) -> Mapping[str, Any]:
    """Return an example: the fields of a message or an event as JSON has them, without what all have in common."""
    return fields
