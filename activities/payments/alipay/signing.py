"""RSA2 keys, signatures and certificates (RSASSA-PKCS1-v1_5, SHA-256): we sign requests, Alipay signs answers."""

import base64
import binascii
import hashlib
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_LEAST_BITS = 2048
"""RSA2 is defined for keys of 2048 bits and more; a shorter one is a key of the withdrawn RSA (SHA-1) scheme."""

_BIGGEST_FILE = 64 * 1024
"""Bytes; a key file is about 2 kB, and whatever is bigger was named by mistake."""


class KeyUnreadable(ValueError):  # noqa: N818 - named for what it says
    """A key file is missing or holds no RSA key that will do; the text names the file, never its content."""


class AppKey:
    """The application's private key: signs, and shows itself to nobody."""

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "AppKey(…)"

    @classmethod
    def read(cls, path: Path) -> "AppKey":
        """Read it from a PEM file (PKCS#8 or PKCS#1), or from the bare base64 that Alipay's key tool writes."""
        content = content_of(path)
        for kind in ("PRIVATE KEY", "RSA PRIVATE KEY"):
            try:
                key = serialization.load_pem_private_key(_armoured(content, kind), password=None)
            except (ValueError, TypeError, UnsupportedAlgorithm):
                continue
            if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _LEAST_BITS:
                return cls(key)
        raise _unusable(path, "private")

    @property
    def public(self) -> rsa.RSAPublicKey:
        """Its public half, by which its certificate is known."""
        return self._key.public_key()

    def sign(self, content: bytes) -> str:
        """Return the signature as base64, as it travels in `sign`."""
        return base64.b64encode(self._key.sign(content, padding.PKCS1v15(), hashes.SHA256())).decode()


class AlipayKey:
    """Alipay's public key: tells whether Alipay said it."""

    def __init__(self, key: rsa.RSAPublicKey) -> None:
        self._key = key

    @classmethod
    def read(cls, path: Path) -> "AlipayKey":
        """Read it from a PEM file, from Alipay's certificate, or from the bare base64 that Alipay's console shows."""
        content = content_of(path)
        try:
            key = _public_in(content)
        except (ValueError, UnsupportedAlgorithm):
            raise _unusable(path, "public") from None
        if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _LEAST_BITS:
            raise _unusable(path, "public")
        return cls(key)

    def signed(self, content: bytes, signature: str) -> bool:
        """Tell whether Alipay signed exactly these bytes."""
        try:
            self._key.verify(base64.b64decode(signature, validate=True), content, padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True


def canonical(fields: Mapping[str, str]) -> bytes:
    """Return what is signed of a request or a notification: `name=value` sorted by name, joined by `&`, as UTF-8.

    Empty fields and the signature itself are left out.
    """
    return "&".join(f"{name}={fields[name]}" for name in sorted(fields) if fields[name] and name != "sign").encode()


def content_of(path: Path) -> bytes:
    """Return what is in a key or certificate file; raises KeyUnreadable."""
    try:
        with path.open("rb") as file:
            return file.read(_BIGGEST_FILE).strip()
    except OSError as wrong:
        raise KeyUnreadable(f"{path}: {wrong.strerror}; name a file with a key in PEM") from None


def _public_in(content: bytes) -> object:
    if content.startswith(b"-----BEGIN CERTIFICATE"):
        return x509.load_pem_x509_certificate(content).public_key()
    return serialization.load_pem_public_key(_armoured(content, "PUBLIC KEY"))


def _armoured(content: bytes, kind: str) -> bytes:
    if content.startswith(b"-----BEGIN"):
        return content
    lines = textwrap.wrap("".join(content.decode("ascii", "replace").split()), 64)
    return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""]).encode()


def _unusable(path: Path, kind: str) -> KeyUnreadable:
    return KeyUnreadable(f"{path}: no RSA {kind} key of {_LEAST_BITS} bits or more; make one pair for RSA2 and name it")


_PEM_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_RSA_OIDS = "1.2.840.113549.1.1."
"""The family of signature algorithms that count among the roots; Alipay's file has others, too."""


class Certificates(NamedTuple):
    """Serial names: of our application's certificate, of Alipay's roots, and of the certificate Alipay signs with."""

    app: str
    roots: str
    alipay: str

    @classmethod
    def read(cls, app: Path, roots: Path, alipay: Path, key: AppKey) -> "Certificates":
        """Read all three files; raises KeyUnreadable naming the one that will not do."""
        ours = _certificate_in(app)
        if ours.public_key() != key.public:
            raise KeyUnreadable(f"{app}: not the certificate of the application's key; download it again with its key")
        AlipayKey.read(alipay)
        return cls(_serial_name(ours), _root_names(roots), _serial_name(_certificate_in(alipay)))


def _root_names(path: Path) -> str:
    """Return the names of the RSA roots of a bundle, in its order; what is no certificate of ours to read is passed."""
    found = list[str]()
    for pem in _PEM_BLOCK.findall(content_of(path)):
        try:
            root = x509.load_pem_x509_certificate(pem)
            oid = root.signature_algorithm_oid.dotted_string
        except ValueError:
            continue
        if oid.startswith(_RSA_OIDS):
            found.append(_serial_name(root))
    if not found:
        raise KeyUnreadable(f"{path}: no root certificate signed with RSA; download Alipay's alipayRootCert.crt")
    return "_".join(found)


def _certificate_in(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(content_of(path))
    except ValueError:
        raise KeyUnreadable(f"{path}: no certificate in PEM; download it from Alipay's console") from None


def _serial_name(certificate: x509.Certificate) -> str:
    """Return Alipay's name of a certificate: MD5 of issuer (innermost part first) and decimal serial number.

    A name, not a protection: nothing is believed because of it.
    """
    text = f"{certificate.issuer.rfc4514_string()}{certificate.serial_number}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
