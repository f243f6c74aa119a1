"""Key pairs made for one test run, in files as an operator has them."""

import functools
import tempfile
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from activities.adapters.alipay.signing import AlipayKey, AppKey

PKCS8 = serialization.PrivateFormat.PKCS8
PKCS1 = serialization.PrivateFormat.TraditionalOpenSSL


class Pair(NamedTuple):
    """A private key and its public half."""

    private: str
    public: str

    @property
    def signs(self) -> AppKey:
        return AppKey.read(written(self.private))

    @property
    def tells(self) -> AlipayKey:
        return AlipayKey.read(written(self.public))


def written(content: str) -> Path:
    """Write a key into a file of its own, which goes with the test run's directory."""
    with tempfile.NamedTemporaryFile("w", dir=_directory(), suffix=".pem", delete=False) as file:
        file.write(content)
    return Path(file.name)


def pair(bits: int = 2048, form: serialization.PrivateFormat = PKCS8) -> Pair:
    """Make a pair; takes about 0.1 s."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return Pair(private.decode(), public.decode())


@functools.cache
def ours() -> Pair:
    """The application's pair."""
    return pair()


@functools.cache
def alipays() -> Pair:
    """The pair with which the local gateway signs, as Alipay does."""
    return pair()


@functools.cache
def _directory() -> str:
    return _kept.name


_kept = tempfile.TemporaryDirectory(prefix="keys-")
