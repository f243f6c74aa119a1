"""Which payment provider is used is configuration, and what is wrong with it is said before anything starts."""

import json
from pathlib import Path

import pytest

from activities.payments.alipay import GATEWAY
from activities.payments.alipay.adapter import Alipay
from activities.payments.partners import PaymentProvider
from tests.activities.payments.alipay.keys import alipays, certified, ours, written
from tests.activities.payments.alipay.paying import Books
from workers.config.payments import payment_provider
from workers.config.settings import Settings, SettingsInvalid


def chosen(**changes: object) -> Settings:
    """Settings of a worker that pays over Alipay."""
    given: dict[str, object] = {
        "database_url": "postgresql://127.0.0.1:1/redress", "partners_url": "http://127.0.0.1:1",
        "payment_provider": "alipay", "alipay_app_id": "2021000000000001",
        "alipay_app_key": written(ours().private), "alipay_public_key": written(alipays().public),
    }  # fmt: skip
    return Settings.model_validate(given | changes)


def sellers_in(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "sellers.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


async def test_the_partners_payment_service_is_used_unless_alipay_is_chosen() -> None:
    async with payment_provider(chosen(payment_provider="partners"))(Books()) as provider:
        assert isinstance(provider, PaymentProvider)
    async with payment_provider(chosen())(Books()) as provider:
        assert isinstance(provider, Alipay)
        assert provider._partner.base_url == GATEWAY


async def test_the_sellers_file_says_whom_to_pay(tmp_path: Path) -> None:
    sellers = {"sl-1": "2088000000000099"}
    async with payment_provider(chosen(alipay_sellers=sellers_in(tmp_path, sellers)))(Books()) as provider:
        assert isinstance(provider, Alipay)
        assert provider._transfers._sellers == sellers


async def test_certificate_mode_takes_three_certificates() -> None:
    files = certified()
    settings = chosen(
        alipay_app_cert=written(files.app), alipay_root_cert=written(files.roots),
        alipay_public_key=written(files.alipay),
    )  # fmt: skip
    async with payment_provider(settings)(Books()) as provider:
        assert isinstance(provider, Alipay)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"alipay_app_id": ""}, "needs REDRESS_ALIPAY_APP_ID, REDRESS_ALIPAY_APP_KEY and REDRESS_ALIPAY_PUBLIC_KEY"),
        ({"alipay_app_key": None}, "set all three"),
        ({"alipay_public_key": None}, "set all three"),
        ({"alipay_app_key": Path("/nowhere/key.pem")}, "/nowhere/key.pem: No such file or directory"),
        ({"alipay_public_key": written("nonsense")}, "no RSA public key of 2048 bits"),
        ({"alipay_app_cert": written(certified().app)}, "set both or none"),
        ({"alipay_root_cert": written(certified().roots)}, "set both or none"),
        (
            {"alipay_app_cert": written(certified().app), "alipay_root_cert": written(certified().roots)},
            "no certificate in PEM; download it",
        ),
        ({"alipay_gateway": "http://openapi.example.com/gateway.do"}, "is not https"),
        ({"alipay_sellers": Path("/nowhere/sellers.json")}, "No such file or directory"),
    ],
)
def test_what_is_wrong_is_named_with_its_setting(changes: dict[str, object], why: str) -> None:
    with pytest.raises(SettingsInvalid, match=why) as invalid:
        payment_provider(chosen(**changes))
    assert "REDRESS_ALIPAY" in str(invalid.value)
    assert "PRIVATE KEY" not in str(invalid.value)


@pytest.mark.parametrize("content", ["", "[]", '{"sl-1": 2088000000000099}', {"sl-1": "13800000000"}, {"sl-1": ""}])
def test_a_sellers_file_that_names_no_accounts_is_refused(tmp_path: Path, content: object) -> None:
    with pytest.raises(SettingsInvalid, match=r"REDRESS_ALIPAY_SELLERS: .*2088"):
        payment_provider(chosen(alipay_sellers=sellers_in(tmp_path, content)))


def test_no_setting_shows_a_key() -> None:
    assert ours().private.splitlines()[1] not in repr(chosen())
