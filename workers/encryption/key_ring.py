"""The key ring: a file with the keys that payloads are sealed with, one of them active, the others for reading."""

import base64
import binascii
import hashlib
import hmac
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VARIABLE = "REDRESS_KEY_RING"
_BYTES = 32
_NONCE = 12
"""Random for each payload: one key may seal four thousand million of them, years of complaints, and is changed long
before that."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NOT_FOR_OTHERS = stat.S_IWGRP | stat.S_IRWXO
_CHECK = b"redress: the check value of a key"
_log = structlog.stdlib.get_logger("redress.sealing")


class KeyRingInvalid(ValueError):  # noqa: N818 - named for what it says
    """The key ring cannot be used, or lacks a key that is needed; the text says what to do."""


class KeyRing:
    """Keys by id; new payloads are sealed by the active one, and every one of them opens.

    `retired` names keys that are gone on purpose: nothing sealed by them is left.
    """

    def __init__(self, keys: Mapping[str, bytes], active: str, retired: frozenset[str] = frozenset()) -> None:
        self.active, self.retired = active, retired
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self.checks = {name: hmac.new(key, _CHECK, hashlib.sha256).hexdigest() for name, key in keys.items()}

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self.checks)}; active {self.active})"

    def __contains__(self, name: object) -> bool:
        return name in self._ciphers

    def seal(self, plain: bytes, bound_to: bytes) -> bytes:
        """Encrypt by the active key, AES-256-GCM under a fresh nonce; `bound_to` must be said again to open it."""
        nonce = os.urandom(_NONCE)
        return nonce + self._ciphers[self.active].encrypt(nonce, plain, bound_to)

    def open(self, name: str, sealed: bytes, bound_to: bytes) -> bytes | None:
        """Decrypt what the key of that name sealed; None for a key that is not here, or anything altered."""
        cipher = self._ciphers.get(name)
        if cipher is None or len(sealed) < _NONCE:
            return None
        try:
            return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound_to)
        except InvalidTag:
            return None


def read(file: Path) -> KeyRing:
    """Read a key ring; raises KeyRingInvalid."""
    try:
        with file.open("rb") as opened:
            if os.fstat(opened.fileno()).st_mode & _NOT_FOR_OTHERS:
                raise KeyRingInvalid(f"{VARIABLE}: {file} can be read by others: `chmod 600 {file}`")
            given = tomllib.load(opened)
    except OSError as wrong:
        raise KeyRingInvalid(f"{VARIABLE}: {file} cannot be read ({wrong.strerror}): mend the path") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):  # its own text quotes the line, and that may be a key
        raise _invalid(file, "it is no TOML") from None
    return _checked(file, given)


def _checked(file: Path, given: dict[str, Any]) -> KeyRing:
    if unknown := sorted(given.keys() - {"active", "keys", "retired"}):
        raise _invalid(file, f"unknown: {', '.join(unknown)}")
    named, active, retired = given.get("keys"), given.get("active"), given.get("retired", [])
    if not isinstance(named, dict) or not named:
        raise _invalid(file, "it has no [keys]")
    keys = {name: _key(file, name, value) for name, value in named.items()}
    if len(set(keys.values())) != len(keys):
        raise _invalid(file, "two names have the same key")
    if not isinstance(active, str) or active not in keys:
        raise _invalid(file, "`active` must name one of its keys")
    if not isinstance(retired, list) or not all(isinstance(name, str) for name in retired):
        raise _invalid(file, "`retired` must be a list of names")
    if both := sorted(keys.keys() & set(retired)):
        raise _invalid(file, f"{', '.join(both)} cannot be retired and be one of its keys")
    return KeyRing(keys, active, frozenset(retired))


def _key(file: Path, name: str, value: object) -> bytes:
    if not _ID.fullmatch(name):
        raise _invalid(file, "the name of a key is letters, digits, dots and dashes, at most 64, such as 2026-11")
    try:
        key = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _BYTES:
        raise _invalid(file, f"key {name} is not the base64 of {_BYTES} bytes: make one with `openssl rand -base64 32`")
    return key


def _invalid(file: Path, wrong: str) -> KeyRingInvalid:
    return KeyRingInvalid(f"{VARIABLE}: {file} is no key ring ({wrong}); deploy/docs/encryption.md shows one")


class LastingRing:
    """The key ring of a process that runs for weeks: a key it does not know is looked for in the file again."""

    def __init__(self, file: Path) -> None:
        """Read the file; raises KeyRingInvalid."""
        self._file, self._seen = file, _state_of(file)
        self.now = read(file)

    def knowing(self, name: str) -> KeyRing:
        """Return the ring, read anew if it lacks that key and the file has changed; what is broken changes nothing."""
        if name not in self.now and (state := _state_of(self._file)) != self._seen:
            self._seen = state
            try:
                self.now = read(self._file)
                _log.info("key_ring_read_again", active=self.now.active, keys=sorted(self.now.checks))
            except KeyRingInvalid as wrong:
                _log.error("key_ring_unusable", reason=str(wrong), kept=sorted(self.now.checks))
        return self.now


def _state_of(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
