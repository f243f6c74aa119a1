"""Key pairs made for one test run, in files as an operator has them."""

import functools
import tempfile
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from activities.payments.alipay.signing import AlipayKey, AppKey

PKCS8 = serialization.PrivateFormat.PKCS8
PKCS1 = serialization.PrivateFormat.TraditionalOpenSSL


class Pair(NamedTuple):
    """A private key and its public half."""

    private: str
    public: str

    @property
    def signs(self) -> AppKey:
        return _app_key(self.private)

    @property
    def tells(self) -> AlipayKey:
        return _alipay_key(self.public)


@functools.cache
def _app_key(private: str) -> AppKey:
    return AppKey.read(written(private))


@functools.cache
def _alipay_key(public: str) -> AlipayKey:
    return AlipayKey.read(written(public))


@functools.cache
def a_strangers() -> Pair:
    """A pair that is neither the application's nor Alipay's."""
    return pair()


class Certified(NamedTuple):
    """Certificates as an application downloads them from Alipay's console; the roots are a bundle."""

    app: str
    alipay: str
    roots: str


ANT_R1 = {"CN": "Ant Financial Certification Authority R1", "OU": "Certification Authority", "O": "Ant Financial"}
ANT_R1_SERIAL = 0x1FCFA18D6A480D11
"""Issuer and serial number of Alipay's own root, whose name `687b59193f3f462dd5336e5abf83c5d8` is in every request."""


def certificate(holder: Pair, names: dict[str, str], serial: int) -> str:
    """Make a certificate of a pair, issued by itself under these names."""
    signer = serialization.load_pem_private_key(holder.private.encode(), password=None)
    assert isinstance(signer, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    oids = {"C": NameOID.COUNTRY_NAME, "O": NameOID.ORGANIZATION_NAME}
    oids |= {"OU": NameOID.ORGANIZATIONAL_UNIT_NAME, "CN": NameOID.COMMON_NAME}
    name = x509.Name([x509.NameAttribute(oid, (names | {"C": "CN"})[short]) for short, oid in oids.items()])
    builder = x509.CertificateBuilder(name, name, signer.public_key(), serial)
    made = builder.not_valid_before(datetime(2018, 3, 21)).not_valid_after(datetime(2038, 2, 28))  # noqa: DTZ001
    return made.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def curve() -> Pair:
    """Make a pair that is not RSA, as one of Alipay's roots is not."""
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(serialization.Encoding.PEM, PKCS8, serialization.NoEncryption())
    return Pair(private.decode(), "")


@functools.cache
def certified() -> Certified:
    """The application's certificate, Alipay's, and a bundle of two RSA roots and one of another kind."""
    names = ANT_R1 | {"CN": "Ant Financial Certification Authority Class 1 R1"}
    roots = [certificate(curve(), {"CN": "ROOTCA", "O": "NRCAC", "OU": "-"}, 7)]
    roots += [
        certificate(a_strangers(), ANT_R1, ANT_R1_SERIAL),
        certificate(a_strangers(), names, 5_388_390_398_735_413_000),
    ]
    app, alipay = certificate(ours(), names, 2**90 + 7), certificate(alipays(), names, 2**90 + 11)
    return Certified(app, alipay, "\n".join(roots))


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
