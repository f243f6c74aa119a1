"""A key ring is read with care: what is wrong with it is said without saying a key."""

import os
from pathlib import Path

import pytest

from tests.workers.encryption.rings import key, ring_file
from workers.encryption.key_ring import KeyRingInvalid, LastingRing, read

SHORT = "c2hvcnQ="


def test_a_ring_seals_by_its_active_key_and_opens_by_every_key(tmp_path: Path) -> None:
    old, new = key(), key()
    before = read(ring_file(tmp_path / "ring.toml", "2026-05", k2026_05=old))
    now = read(ring_file(tmp_path / "ring.toml", "2026-11", k2026_05=old, k2026_11=new))
    sealed = before.seal(b"words", b"of C1")
    assert now.open("2026-05", sealed, b"of C1") == b"words"
    assert now.open("2026-11", now.seal(b"words", b""), b"") == b"words"
    assert before.open("2026-11", now.seal(b"words", b""), b"") is None


def test_equal_words_never_look_alike(tmp_path: Path) -> None:
    ring = read(ring_file(tmp_path / "ring.toml"))
    assert len({ring.seal(b"words", b"") for _ in range(100)}) == 100


def test_what_was_altered_moved_or_cut_does_not_open(tmp_path: Path) -> None:
    ring = read(ring_file(tmp_path / "ring.toml"))
    sealed = ring.seal(b"words", b"of C1")
    altered = [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(len(sealed))]
    cut = [sealed[:at] for at in range(len(sealed))]
    assert {ring.open(ring.active, one, b"of C1") for one in (*altered, *cut)} == {None}
    assert ring.open(ring.active, sealed, b"of C2") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no .keys."),
        ("active = ", "no TOML"),
        ("\xff", "no TOML"),
        ('active = "a"\n[keys]\n"b" = "{key}"', "must name one of its keys"),
        ('[keys]\n"b" = "{key}"', "must name one of its keys"),
        ('active = "a"\n[keys]\na = "{short}"', "key a is not the base64 of 32 bytes"),
        ('active = "a"\n[keys]\na = "***{key}"', "key a is not the base64 of 32 bytes"),
        ('active = "a"\n[keys]\na = 1', "key a is not the base64 of 32 bytes"),
        ('active = "a"\n[keys]\na = "{key}"\nb = "{key}"', "two names have the same key"),
        ('active = "a"\nretired = ["a"]\n[keys]\na = "{key}"', "a cannot be retired"),
        ('active = "a"\nretired = "b"\n[keys]\na = "{key}"', "must be a list of names"),
        ('active = "a"\nother = 1\n[keys]\na = "{key}"', "unknown: other"),
        ('active = "a b"\n[keys]\n"a b" = "{key}"', "name of a key is letters"),
    ],
)
def test_a_broken_ring_is_refused_without_saying_a_key(tmp_path: Path, text: str, why: str) -> None:
    secret, file = key(), tmp_path / "ring.toml"
    file.touch(mode=0o600)
    file.write_bytes(text.replace("{key}", secret).replace("{short}", SHORT).encode("latin-1"))
    with pytest.raises(KeyRingInvalid, match=why) as refused:
        read(file)
    assert secret not in str(refused.value)
    assert SHORT not in str(refused.value)


def test_a_ring_that_others_can_read_or_that_is_not_there_is_refused(tmp_path: Path) -> None:
    file = ring_file(tmp_path / "ring.toml")
    for mode in (0o604, 0o620, 0o666):
        file.chmod(mode)
        with pytest.raises(KeyRingInvalid, match="chmod 600"):
            read(file)
    file.chmod(0o440)  # as a secret is mounted for a group
    assert read(file).active == "2026-11"
    with pytest.raises(KeyRingInvalid, match="cannot be read"):
        read(tmp_path / "nowhere.toml")


def test_a_ring_never_shows_its_keys(tmp_path: Path) -> None:
    secret = key()
    ring = read(ring_file(tmp_path / "ring.toml", k2026_11=secret))
    assert repr(ring) == "KeyRing(2026-11; active 2026-11)"
    assert secret not in str(vars(ring))


def test_a_key_that_is_new_is_found_in_the_file_without_a_restart(tmp_path: Path) -> None:
    old, file = key(), tmp_path / "ring.toml"
    lasting = LastingRing(ring_file(file, "2026-05", k2026_05=old))
    assert "2026-11" not in lasting.knowing("2026-11")
    ring_file(file, "2026-11", k2026_05=old, k2026_11=key())
    assert lasting.knowing("2026-05").active == "2026-05", "a ring that knows the key is not read again"
    assert "2026-11" in lasting.knowing("2026-11")


def test_a_file_that_broke_changes_nothing_and_is_read_again_once_it_is_mended(tmp_path: Path) -> None:
    old, file = key(), tmp_path / "ring.toml"
    lasting = LastingRing(ring_file(file, "2026-05", k2026_05=old))
    file.write_text("broken")
    assert "2026-05" in lasting.knowing("2026-11")
    os.utime(file, ns=(1, 1))
    ring_file(file, "2026-11", k2026_05=old, k2026_11=key())
    assert "2026-11" in lasting.knowing("2026-11")
