"""Readers of the codec server: a TOML file with one secret each, reloaded when it changes."""

import base64
import binascii
import hmac
import os
import secrets
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path

import structlog

from starter.client.errors import WrongUse

_log = structlog.stdlib.get_logger("redress.codec")
_SHORTEST = 24
_NOT_FOR_OTHERS = stat.S_IWGRP | stat.S_IRWXO
_MEND = "mend it, or name another by REDRESS_CODEC_READERS"


class Readers:
    """The readers, reloaded when the file changes; an invalid file keeps the last valid state."""

    def __init__(self, file: Path) -> None:
        """Load the file; raises WrongUse."""
        self._file, self._seen = file, _version(file)
        self._known = read(file)

    def authenticate(self, authorization: str) -> str | None:
        """Return the reader of an `Authorization` header (Bearer or Basic), None if it is invalid."""
        self._reload()
        scheme, _, credentials = authorization.partition(" ")
        if scheme.lower() == "bearer":
            return self._holder(credentials.strip().encode("utf-8", "replace"))
        if scheme.lower() != "basic":
            return None
        try:
            name, _, secret = base64.b64decode(credentials.strip(), validate=True).partition(b":")
        except (binascii.Error, ValueError):
            return None
        holder = self._holder(secret)
        return holder if holder is not None and hmac.compare_digest(holder.encode(), name) else None

    def _holder(self, secret: bytes) -> str | None:
        """Compare with every secret, in constant time."""
        found = [name for name, known in self._known.items() if hmac.compare_digest(known.encode(), secret)]
        return found[0] if found else None

    def _reload(self) -> None:
        if (version := _version(self._file)) == self._seen:
            return
        self._seen = version
        try:
            self._known = read(self._file)
            _log.info("readers read again", readers=sorted(self._known))
        except WrongUse as wrong:
            _log.error("readers kept as they were", reason=str(wrong))


def read(file: Path) -> Mapping[str, str]:
    """Load secrets by name; raises WrongUse, never quoting a secret."""
    try:
        if file.stat().st_mode & _NOT_FOR_OTHERS:
            raise WrongUse(f"{file} holds secrets and others can read it: chmod 600 {file}")
        given = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as wrong:
        raise WrongUse(f"{file} cannot be read ({wrong.strerror}): {_MEND}") from None
    except ValueError:  # its text quotes the line, which may hold a secret
        raise WrongUse(f"{file} is no TOML: {_MEND}") from None
    readers = given.get("readers")
    if given.keys() != {"readers"} or not isinstance(readers, dict) or not readers:
        raise WrongUse(f'{file} needs one table [readers] with lines such as "li.na" = "<secret>": {_MEND}')
    for name, secret in readers.items():
        if not isinstance(secret, str) or len(secret) < _SHORTEST or not secret.isascii() or ":" in name:
            raise WrongUse(
                f"{file}: {name!a} needs a secret of at least {_SHORTEST} ASCII characters, its name no colon"
            )
    if len(set(readers.values())) != len(readers):
        raise WrongUse(f"{file}: two readers have the same secret: give each their own")
    return readers


def make(file: Path) -> None:
    """Write a file with one reader, `operator`, and a fresh secret, unless it exists."""
    try:
        made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    except OSError as wrong:
        raise WrongUse(f"{file} cannot be written ({wrong.strerror}): {_MEND}") from None
    with os.fdopen(made, "w") as out:
        out.write(f'[readers]\noperator = "{secrets.token_urlsafe(32)}"\n')


def _version(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
