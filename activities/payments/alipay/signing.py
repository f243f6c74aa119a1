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

from activities.errors import ActivitiesError

_LEAST_BITS = 2048
"""RSA2 requires 2048 bits; shorter keys belong to the withdrawn RSA (SHA-1) scheme."""

_BIGGEST_FILE = 64 * 1024
"""Bytes; a key file has about 2 kB."""


class KeyInvalid(ActivitiesError, ValueError):  # noqa: N818 - an outcome
    """A key or certificate file is missing or unusable; the text names the file, never its content."""


class AppKey:
    """The application's private key; never shown."""

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "AppKey(…)"

    @classmethod
    def read(cls, path: Path) -> "AppKey":
        """Load from PEM (PKCS#8 or PKCS#1) or the bare base64 of Alipay's key tool; raises KeyInvalid."""
        content = read_key_file(path)
        for kind in ("PRIVATE KEY", "RSA PRIVATE KEY"):
            try:
                key = serialization.load_pem_private_key(_as_pem(content, kind), password=None)
            except (ValueError, TypeError, UnsupportedAlgorithm):
                continue
            if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _LEAST_BITS:
                return cls(key)
        raise _invalid(path, "private")

    @property
    def public(self) -> rsa.RSAPublicKey:
        """The public key."""
        return self._key.public_key()

    def sign(self, content: bytes) -> str:
        """Return the signature as base64, as it travels in `sign`."""
        return base64.b64encode(self._key.sign(content, padding.PKCS1v15(), hashes.SHA256())).decode()


class AlipayKey:
    """Alipay's public key: verifies signatures."""

    def __init__(self, key: rsa.RSAPublicKey) -> None:
        self._key = key

    @classmethod
    def read(cls, path: Path) -> "AlipayKey":
        """Load from PEM, Alipay's certificate, or the bare base64 of Alipay's console; raises KeyInvalid."""
        content = read_key_file(path)
        try:
            key = _public_in(content)
        except (ValueError, UnsupportedAlgorithm):
            raise _invalid(path, "public") from None
        if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _LEAST_BITS:
            raise _invalid(path, "public")
        return cls(key)

    def signed(self, content: bytes, signature: str) -> bool:
        """Verify a base64 signature over exactly these bytes."""
        try:
            self._key.verify(base64.b64decode(signature, validate=True), content, padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True


def canonical(fields: Mapping[str, str]) -> bytes:
    """Return the signed bytes of a request or notification: `name=value` sorted by name, joined by `&`, UTF-8.

    Empty fields and `sign` are left out.
    """
    return "&".join(f"{name}={fields[name]}" for name in sorted(fields) if fields[name] and name != "sign").encode()


def read_key_file(path: Path) -> bytes:
    """Return the content of a key or certificate file; raises KeyInvalid."""
    try:
        with path.open("rb") as file:
            return file.read(_BIGGEST_FILE).strip()
    except OSError as wrong:
        raise KeyInvalid(f"{path}: {wrong.strerror}; name a file with a key in PEM") from None


def _public_in(content: bytes) -> object:
    if content.startswith(b"-----BEGIN CERTIFICATE"):
        return x509.load_pem_x509_certificate(content).public_key()
    return serialization.load_pem_public_key(_as_pem(content, "PUBLIC KEY"))


def _as_pem(content: bytes, kind: str) -> bytes:
    if content.startswith(b"-----BEGIN"):
        return content
    lines = textwrap.wrap("".join(content.decode("ascii", "replace").split()), 64)
    return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""]).encode()


def _invalid(path: Path, kind: str) -> KeyInvalid:
    return KeyInvalid(f"{path}: no RSA {kind} key of {_LEAST_BITS} bits or more; make one pair for RSA2 and name it")


_PEM_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_RSA_OIDS = "1.2.840.113549.1.1."
"""Prefix of RSA signature algorithms; Alipay's file has others, too, which do not count."""


class Certificates(NamedTuple):
    """Serials of our application's certificate, of Alipay's roots, and of the certificate that Alipay signs with."""

    app: str
    roots: str
    alipay: str

    @classmethod
    def read(cls, app: Path, roots: Path, alipay: Path, key: AppKey) -> "Certificates":
        """Load all three files; raises KeyInvalid naming the unusable one."""
        ours = _certificate_in(app)
        if ours.public_key() != key.public:
            raise KeyInvalid(f"{app}: not the certificate of the application's key; download it again with its key")
        AlipayKey.read(alipay)
        return cls(_serial_name(ours), _root_names(roots), _serial_name(_certificate_in(alipay)))


def _root_names(path: Path) -> str:
    """Return the serials of the RSA roots of a bundle, in order; unreadable certificates are skipped."""
    found = list[str]()
    for pem in _PEM_BLOCK.findall(read_key_file(path)):
        try:
            root = x509.load_pem_x509_certificate(pem)
            oid = root.signature_algorithm_oid.dotted_string
        except ValueError:
            continue
        if oid.startswith(_RSA_OIDS):
            found.append(_serial_name(root))
    if not found:
        raise KeyInvalid(f"{path}: no root certificate signed with RSA; download Alipay's alipayRootCert.crt")
    return "_".join(found)


def _certificate_in(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(read_key_file(path))
    except ValueError:
        raise KeyInvalid(f"{path}: no certificate in PEM; download it from Alipay's console") from None


def _serial_name(certificate: x509.Certificate) -> str:
    """Return Alipay's serial of a certificate: MD5 of issuer (innermost part first) and decimal serial number.

    An identifier, not a security measure.
    """
    text = f"{certificate.issuer.rfc4514_string()}{certificate.serial_number}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
