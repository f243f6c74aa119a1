"""Who subscribes stands in the clients file, which the worker reads, and believes no more of it than the gateway."""

from pathlib import Path

import pytest

from starter.client.errors import WrongUse
from starter.http.gateway.clients import read
from tests.activities.partner_events.receiving import SECRET
from workers.config.settings import SettingsInvalid
from workers.config.subscriptions import ConfiguredSubscriptions, clients_file
from workflows.parties import Party
from workflows.vocabulary import Role

SHOP = Party(role=Role.SELLER, id="shop-1")
GOOD = 'url = "https://erp.example/hook?token=canary"'


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "clients.toml"
    monkeypatch.setenv("REDRESS_CLIENTS", str(file))
    return file


def write(
    file: Path, events: str = GOOD, *, role: str = "seller", whom: str = '["shop-1"]', secret: str = SECRET
) -> None:
    lines = ("[[clients]]", 'id = "erp"', f'role = "{role}"', f"speaks_for = {whom}", f'secrets = ["{secret}"]')
    more = (f"events = {{{events}}}",) if events else ()
    file.write_text("\n".join((*lines, *more, "")))
    file.chmod(0o600)


def names(subscriptions: ConfiguredSubscriptions, party: Party = SHOP) -> list[str]:
    return [one.name for one in subscriptions.of(party)]


def test_a_client_is_told_of_those_it_speaks_for_and_nobody_elses(file: Path) -> None:
    write(file)
    subscriptions = ConfiguredSubscriptions(clients_file())
    assert names(subscriptions) == ["erp"]
    for other in (Party(role=Role.SELLER, id="shop-2"), Party(role=Role.BUYER, id="shop-1")):
        assert names(subscriptions, other) == []
    assert read(file)["erp"].events is not None


def test_the_platforms_own_app_is_told_of_all_of_its_role(file: Path) -> None:
    write(file, whom='"all"')
    subscriptions = ConfiguredSubscriptions(clients_file())
    assert names(subscriptions) == ["erp"]
    assert names(subscriptions, Party(role=Role.BUYER, id="b-1")) == []


def test_who_says_nothing_of_events_is_told_nothing(file: Path) -> None:
    write(file, "")
    assert not ConfiguredSubscriptions(clients_file()).any_configured()


def test_a_changed_file_is_read_again_and_a_broken_one_takes_nothing_back(file: Path) -> None:
    write(file, "")
    subscriptions = ConfiguredSubscriptions(clients_file())
    write(file)
    assert names(subscriptions) == ["erp"]
    for broken in ("[[clients]", 'clients = "none"'):
        file.write_text(broken)
        assert names(subscriptions) == ["erp"]
    file.unlink()
    assert names(subscriptions) == ["erp"]
    write(file, whom='["shop-2"]')
    assert names(subscriptions) == []


def test_a_stacks_own_file_may_be_made_later_a_named_one_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REDRESS_CLIENTS", raising=False)
    monkeypatch.setenv("REDRESS_DATA_DIR", str(tmp_path))
    subscriptions = ConfiguredSubscriptions(clients_file())
    assert not subscriptions.any_configured()
    write(tmp_path / "clients.toml")
    assert names(subscriptions) == ["erp"]
    monkeypatch.setenv("REDRESS_CLIENTS", str(tmp_path / "nowhere.toml"))
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        ConfiguredSubscriptions(clients_file())


def test_a_file_that_others_can_read_is_refused(file: Path) -> None:
    write(file)
    file.chmod(0o640)
    with pytest.raises(SettingsInvalid, match="chmod 600"):
        ConfiguredSubscriptions(clients_file())


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ('url = "ftp://erp.example/"', "begins with https://"),
        ('url = "https://"', "begins with https://"),
        ('url = "erp.example"', "begins with https://"),
        ('url = "https://user:pass@erp.example/"', "no user, password"),
        ('url = "https://erp.example/#there"', "no user, password or fragment"),
        (f'{GOOD}, kinds = ["nonsense"]', "nonsense: no events of a timeline"),
        (f'{GOOD}, allow = ["everywhere"]', "allow"),
        (f"{GOOD}, retries = 3", "Extra inputs"),
        ('kinds = "all"', "url"),
    ],
)
def test_a_wish_that_cannot_be_is_named_by_worker_and_gateway_without_its_address(
    file: Path, events: str, why: str
) -> None:
    write(file, events)
    for wrong in (pytest.raises(SettingsInvalid, match=why), pytest.raises(WrongUse, match=why)):
        with wrong as told:
            read(file) if wrong.expected_exceptions == (WrongUse,) else ConfiguredSubscriptions(clients_file())
        assert "canary" not in str(told.value)
        assert "user:pass" not in str(told.value)


def test_a_secret_that_is_none_is_refused_and_not_shown(file: Path) -> None:
    write(file, secret="whsec_canary")
    with pytest.raises(SettingsInvalid, match="a secret is whsec_") as told:
        ConfiguredSubscriptions(clients_file())
    assert "canary" not in str(told.value)


@pytest.mark.parametrize("role", ["agent", "carrier", "payment", "supervisor"])
def test_only_buyers_and_sellers_are_told(file: Path, role: str) -> None:
    write(file, role=role)
    with pytest.raises(WrongUse, match=f"buyer and seller are told .*, not {role}"):
        read(file)
    assert not ConfiguredSubscriptions(clients_file()).any_configured()
