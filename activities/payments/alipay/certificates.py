"""Certificate mode: which certificates a request and an answer name, as Alipay names them (needed for transfers)."""

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from cryptography import x509

from activities.payments.alipay.signing import AlipayKey, AppKey, KeyUnreadable, content_of

_ONE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_RSA = "1.2.840.113549.1.1."
"""The family of signature algorithms that count among the roots; Alipay's file has others, too."""


class Certificates(NamedTuple):
    """Serial names: of our application's certificate, of Alipay's roots, and of the certificate Alipay signs with."""

    app: str
    roots: str
    alipay: str

    @classmethod
    def read(cls, app: Path, roots: Path, alipay: Path, key: AppKey) -> "Certificates":
        """Read all three files; raises KeyUnreadable naming the one that will not do."""
        ours = _only(app)
        if ours.public_key() != key.public:
            raise KeyUnreadable(f"{app}: not the certificate of the application's key; download it again with its key")
        AlipayKey.read(alipay)
        return cls(_name(ours), _names(roots), _name(_only(alipay)))


def _names(path: Path) -> str:
    """Return the names of the RSA roots of a bundle, in its order; what is no certificate of ours to read is passed."""
    found = list[str]()
    for pem in _ONE.findall(content_of(path)):
        try:
            root = x509.load_pem_x509_certificate(pem)
            oid = root.signature_algorithm_oid.dotted_string
        except ValueError:
            continue
        if oid.startswith(_RSA):
            found.append(_name(root))
    if not found:
        raise KeyUnreadable(f"{path}: no root certificate signed with RSA; download Alipay's alipayRootCert.crt")
    return "_".join(found)


def _only(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(content_of(path))
    except ValueError:
        raise KeyUnreadable(f"{path}: no certificate in PEM; download it from Alipay's console") from None


def _name(certificate: x509.Certificate) -> str:
    """Return Alipay's name of a certificate: MD5 of issuer (innermost part first) and decimal serial number.

    A name, not a protection: nothing is believed because of it.
    """
    text = f"{certificate.issuer.rfc4514_string()}{certificate.serial_number}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
