"""The clients' file: read again when it changes, kept as it was while it is broken, never read by others."""

import stat
from pathlib import Path

import pytest

from starter.client.errors import WrongUse
from starter.http.gateway.clients import Clients, make, read
from workflows.vocabulary import Role

SECRET = "whsec_" + "QUJD" * 8
GOOD = f"""
[[clients]]
id = "shop-1-erp"
role = "seller"
speaks_for = ["shop-1"]
secrets = ["{SECRET}"]
"""


def written(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    return file


def test_a_stack_of_ones_own_has_clients_for_every_role_with_secrets_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "clients.toml"
    make(file)
    made = read(file)
    assert {one.role for one in made.values()} == {*Role} - {Role.SYSTEM}
    assert len({secret for one in made.values() for secret in one.secrets}) == len(made)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_text()
    make(file)
    assert file.read_text() == before


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    (client,) = read(written(tmp_path / "c.toml", GOOD)).values()
    assert SECRET not in repr(client)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ('role = "seller"', 'role = "system"'),
        ('role = "seller"', 'role = "king"'),
        ('speaks_for = ["shop-1"]', 'speaks_for = "some"'),
        ('speaks_for = ["shop-1"]', 'speaks_for = ["shop-1"]\nkinds = ["ruled"]'),
        (f'secrets = ["{SECRET}"]', "secrets = []"),
        (f'secrets = ["{SECRET}"]', f'secrets = ["{SECRET}", "{SECRET}", "{SECRET}"]'),
        (f'secrets = ["{SECRET}"]', 'secrets = ["whsec_c2hvcnQ="]'),
        (f'secrets = ["{SECRET}"]', 'secrets = ["swordfish-swordfish-swordfish-swordfish"]'),
        ('id = "shop-1-erp"', 'id = "shop 1"'),
        ('id = "shop-1-erp"', 'id = "alipay"'),
        ('id = "shop-1-erp"', 'id = "kuaidi100"'),
        ('id = "shop-1-erp"', 'id = "carrier:sf"'),
        ('id = "shop-1-erp"', 'id = "shop-1-erp"\nvip = true'),
        ('id = "shop-1-erp"', 'id = "shop-1-erp"\nper_minute = 0'),
        ("[[clients]]", "[[clients]"),
    ],
)
def test_a_file_that_cannot_be_is_refused_and_never_echoed(tmp_path: Path, wrong: str, told: str) -> None:
    file = written(tmp_path / "c.toml", GOOD.replace(wrong, told))
    with pytest.raises(WrongUse) as refused:
        read(file)
    assert str(file) in str(refused.value)
    assert "swordfish" not in str(refused.value)
    assert SECRET not in str(refused.value)


def test_two_clients_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="shop-1-erp occurs twice"):
        read(written(tmp_path / "c.toml", GOOD + GOOD))


def test_a_file_that_others_can_read_is_refused_with_what_to_do(tmp_path: Path) -> None:
    file = written(tmp_path / "c.toml", GOOD)
    file.chmod(0o640)
    with pytest.raises(WrongUse, match="chmod 600"):
        Clients(file)


def test_a_missing_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="REDRESS_CLIENTS"):
        Clients(tmp_path / "none.toml")


def test_what_changes_counts_at_once_and_what_breaks_changes_nothing(tmp_path: Path) -> None:
    file = written(tmp_path / "c.toml", GOOD)
    clients = Clients(file)
    written(file, GOOD + GOOD.replace("shop-1", "shop-2"))
    assert clients.get("shop-2-erp") is not None
    written(file, "nonsense")
    assert clients.get("shop-2-erp") is not None
    written(file, GOOD)
    file.chmod(0o644)
    assert clients.get("shop-2-erp") is not None
    file.chmod(0o600)
    assert clients.get("shop-2-erp") is None
    file.unlink()
    assert clients.get("shop-1-erp") is not None


def test_whatever_takes_the_place_of_the_file_the_last_good_one_serves_until_there_is_one(tmp_path: Path) -> None:
    file, elsewhere = written(tmp_path / "c.toml", GOOD), tmp_path / "elsewhere.toml"
    clients = Clients(file)
    file.unlink()
    file.mkdir(mode=0o700)
    assert clients.get("shop-1-erp") is not None
    file.rmdir()
    for target in (file, elsewhere):  # a link to itself, and one to nothing yet
        file.unlink(missing_ok=True)
        file.symlink_to(target)
        assert clients.get("shop-1-erp") is not None
    written(elsewhere, "[" * 5000)
    assert clients.get("shop-1-erp") is not None
    elsewhere.write_bytes(b"\xff\xfe\x00")
    assert clients.get("shop-1-erp") is not None
    written(elsewhere, GOOD.replace("shop-1", "shop-2"))
    assert (clients.get("shop-1-erp"), clients.get("shop-2-erp") is not None) == (None, True)
