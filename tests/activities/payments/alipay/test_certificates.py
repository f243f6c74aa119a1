"""Certificate mode: certificates are called what Alipay and an independent SDK call them."""

import httpx2
import pytest

from activities.errors import PartnerProtocolError
from activities.payments.alipay.adapter import Alipay
from activities.payments.alipay.gateway import App
from activities.payments.alipay.signing import AlipayKey, Certificates, KeyInvalid
from tests.activities.payments.alipay.gateway import APP_ID, LocalGateway, known_as
from tests.activities.payments.alipay.keys import (
    ANT_R1,
    a_strangers,
    alipays,
    certificate,
    certified,
    curve,
    ours,
    written,
)
from tests.activities.payments.alipay.paying import SELLERS, Books, a_movement, an_app, certificates
from workflows.complaint.domain.parts import PLATFORM
from workflows.vocabulary import Purpose

TRANSFER = a_movement(Purpose.COMPENSATION, payer=PLATFORM)


def test_certificates_are_called_what_an_independent_sdk_calls_them() -> None:
    assert certificates() == known_as()


def test_the_name_of_alipays_own_root_is_the_one_that_is_in_every_request() -> None:
    # The root of another kind comes first in Alipay's bundle, and does not count.
    assert certificates().roots.startswith("687b59193f3f462dd5336e5abf83c5d8_")


def test_alipays_key_is_read_from_its_certificate() -> None:
    assert AlipayKey.read(written(certified().alipay)).signed(b"x", alipays().signs.sign(b"x"))


@pytest.mark.parametrize(
    ("app", "roots", "alipay", "why"),
    [
        (certificate(a_strangers(), ANT_R1, 1), None, None, "not the certificate of the application's key"),
        (ours().public, None, None, "no certificate in PEM"),
        (None, ours().public, None, "no root certificate signed with RSA"),
        (None, certificate(curve(), ANT_R1, 1), None, "no root certificate signed with RSA"),
        (None, None, ours().public, "no certificate in PEM"),
        (None, None, certificate(curve(), ANT_R1, 1), "no RSA public key"),
        (None, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", None, "no root certificate"),
    ],
)
def test_a_certificate_that_will_not_do_is_named(
    app: str | None, roots: str | None, alipay: str | None, why: str
) -> None:
    files = certified()
    with pytest.raises(KeyInvalid, match=why):
        Certificates.read(
            written(app or files.app), written(roots or files.roots), written(alipay or files.alipay), ours().signs
        )


async def test_without_certificates_refunds_are_taken_and_transfers_are_not(
    gateway: LocalGateway, client: httpx2.AsyncClient
) -> None:
    bare = App(APP_ID, ours().signs, alipays().tells)
    alipay = Alipay(bare, Books(), SELLERS, gateway=gateway.url, client=client)
    assert (await alipay.pay(a_movement(), first_attempt=True)).result == "settled"
    with pytest.raises(PartnerProtocolError, match="40006"):
        await alipay.pay(TRANSFER, first_attempt=True)
    assert gateway.transfers == {}


async def test_another_certificate_of_alipays_own_is_not_believed_and_said_to_be_new(
    gateway: LocalGateway, client: httpx2.AsyncClient
) -> None:
    alipay = Alipay(an_app(), Books(), SELLERS, gateway=gateway.url, client=client)
    gateway.certificate = "0" * 32
    gateway.fail("alipay.fund.trans.uni.transfer", "forged")
    with pytest.raises(PartnerProtocolError, match="download the new one"):
        await alipay.pay(TRANSFER, first_attempt=True)
