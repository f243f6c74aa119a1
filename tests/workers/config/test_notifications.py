"""Which channels there are is configuration, and what is wrong with it is said before anything starts."""

from pathlib import Path

import pytest

from starter.doctor.partners import channels
from tests.activities.notifications.group import Group
from tests.activities.notifications.mail_server import Post
from workers.config.notifications import chosen
from workers.config.settings import Settings, SettingsInvalid
from workflows.vocabulary import Role

FILE = """
[robots.ops]
kind = "dingtalk"
url = "https://oapi.dingtalk.example/robot/send?access_token=token-1"
secret = "SEC-1"

[roles.supervisor]
locale = "en"
channels = ["dingtalk", "email"]
addresses = { dingtalk = "ops" }
quiet = "23:00-07:00"
"""


def settings(**changes: object) -> Settings:
    return Settings.model_validate({"database_url": "postgresql://h/d", "partners_url": "http://h"} | changes)


def file_of(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    path = tmp_path / "channels.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_nothing_has_to_be_set_up() -> None:
    assert chosen(settings()) == (None, {}, {})


def test_the_file_names_robots_and_what_holds_for_a_role(tmp_path: Path) -> None:
    found = chosen(settings(channels=file_of(tmp_path, FILE)))
    assert (found.robots["ops"].kind, found.robots["ops"].secret) == ("dingtalk", "SEC-1")
    wishes = found.of_roles[Role.SUPERVISOR]
    assert (wishes.channels, wishes.addresses, wishes.locale) == (("dingtalk", "email"), {"dingtalk": "ops"}, "en")


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_each_security_has_its_port(security: str, port: int) -> None:
    found = chosen(settings(smtp_host="mail", smtp_from="care@shop.example", smtp_security=security))
    assert found.mail is not None
    assert found.mail.port == port


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"smtp_host": "mail"}, "REDRESS_SMTP_FROM"),
        ({"smtp_host": "mail", "smtp_from": "Care <care@x>"}, "REDRESS_SMTP_FROM"),
        ({"smtp_host": "mail", "smtp_from": "c@x", "smtp_user": "u"}, "belong together"),
        (
            {"smtp_host": "mail", "smtp_from": "c@x", "smtp_user": "u", "smtp_password": "p", "smtp_security": "none"},
            "encrypted line only",
        ),
    ],
)
def test_a_mail_server_that_cannot_work_is_refused(changes: dict[str, object], why: str) -> None:
    with pytest.raises(SettingsInvalid, match=why):
        chosen(settings(**changes))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[robots", "not TOML"),
        (FILE.replace("dingtalk\"", "pigeon\"", 1), "robots.ops.kind"),
        (FILE.replace("secret", "key"), "robots.ops.key"),
        (FILE.replace("https://", "ftp://"), "robots.ops.url"),
        (FILE.replace("roles.supervisor", "roles.boss"), "there is no role boss"),
        (FILE.replace('{ dingtalk = "ops" }', '{ dingtalk = "other" }'), "names no dingtalk robot"),
        (FILE.replace('{ dingtalk = "ops" }', '{ wecom = "ops" }'), "names no wecom robot"),
        (FILE.replace("23:00-07:00", "late"), "quiet hours are written as"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_work_is_refused_without_quoting_its_secrets(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(SettingsInvalid, match=why) as wrong:
        chosen(settings(channels=file_of(tmp_path, text)))
    assert "token-1" not in str(wrong.value)
    assert "SEC-1" not in str(wrong.value)


def test_secrets_that_others_can_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="chmod 600"):
        chosen(settings(channels=file_of(tmp_path, FILE, 0o644)))
    with pytest.raises(SettingsInvalid, match="No such file"):
        chosen(settings(channels=tmp_path / "nowhere.toml"))


async def test_the_doctor_greets_the_mail_server_and_reaches_the_robots(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REDRESS_DATA_DIR", str(tmp_path / "no stack"))
    async with Post() as post, Group() as group:
        for name, value in (("HOST", "127.0.0.1"), ("PORT", post.port), ("SECURITY", "none"), ("FROM", "care@x.y")):
            monkeypatch.setenv(f"REDRESS_SMTP_{name}", str(value))
        ours = FILE.replace("https://oapi.dingtalk.example", group.url)
        monkeypatch.setenv("REDRESS_CHANNELS", str(file_of(tmp_path, ours)))
        well = [(one.name, one.state) async for one in channels()]
    assert well == [("mail", "ok"), ("short messages", "ok"), ("robots", "ok")]
    assert (post.arrived, group.said) == ({}, []), "nobody was told anything"
    mail, _, robots = [one async for one in channels()]
    assert (mail.state, "REDRESS_SMTP_" in mail.text) == ("failed", True)
    assert (robots.state, "REDRESS_CHANNELS" in robots.text, "token-1" in robots.text) == ("failed", True, False)
    monkeypatch.delenv("REDRESS_SMTP_FROM")
    assert [(one.name, one.state) async for one in channels()] == [("channels", "failed")]
