"""Signatures: ours are read by an independent SDK, and the SDK's by us; a key that will not do is named at once."""

from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from alipay import AliPay
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.payments.alipay.signing import AlipayKey, AppKey, KeyInvalid, canonical
from tests.activities.payments.alipay.keys import PKCS1, alipays, ours, pair, written

NAMES = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=12)
VALUES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
FIELDS = st.dictionaries(NAMES.filter(lambda name: name not in {"sign", "sign_type"}), VALUES, min_size=1, max_size=6)


def sdk(private: str, public: str) -> AliPay:
    return AliPay(appid="2021000000000001", app_private_key_string=private, alipay_public_key_string=public)


UNHURRIED = settings(deadline=None)
"""How long one example takes on a busy machine is no property of a signature."""

THEIRS = sdk(private=alipays().private, public=ours().public)


@UNHURRIED
@given(FIELDS)
def test_what_we_sign_an_independent_sdk_verifies(fields: dict[str, str]) -> None:
    assert THEIRS.verify(dict(fields), ours().signs.sign(canonical(fields)))


@UNHURRIED
@given(FIELDS)
def test_what_an_independent_sdk_signs_we_verify(fields: dict[str, str]) -> None:
    signed = dict(parse_qsl(THEIRS.sign_data(dict(fields)), keep_blank_values=True, strict_parsing=True))
    signature = signed.pop("sign")
    assert signed == fields
    assert alipays().tells.signed(canonical(signed), signature)


@UNHURRIED
@given(FIELDS, st.data())
def test_a_changed_field_is_no_longer_signed(fields: dict[str, str], data: st.DataObject) -> None:
    signature = ours().signs.sign(canonical(fields))
    changed = fields | {data.draw(st.sampled_from(sorted(fields))): data.draw(VALUES)}
    assert ours().tells.signed(canonical(changed), signature) == (changed == fields)


@pytest.mark.parametrize("signature", ["", "nonsense", "=", "ÄÖ", "AAAA", "A" * 344])
def test_a_signature_that_is_none_is_not_taken_for_one(signature: str) -> None:
    assert not ours().tells.signed(b"a=b", signature)


def test_empty_fields_and_the_signature_are_not_signed() -> None:
    assert canonical({"b": "2", "sign": "x", "a": "1", "c": ""}) == b"a=1&b=2"


def test_keys_are_read_as_operators_have_them() -> None:
    bare = "".join(ours().private.splitlines()[1:-1])
    old = pair(form=PKCS1)
    shown = "".join(ours().public.splitlines()[1:-1])
    assert AlipayKey.read(written(shown)).signed(b"x", AppKey.read(written(bare)).sign(b"x"))
    assert old.tells.signed(b"x", old.signs.sign(b"x"))
    assert old.tells.signed(b"x", AppKey.read(written("".join(old.private.splitlines()[1:-1]))).sign(b"x"))


def test_a_key_that_will_not_do_is_named_by_its_file_and_never_shown() -> None:
    curve = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    short = pair(bits=1024)
    for content in (short.private, curve.decode(), "", "nonsense", "☃", ours().public):
        path = written(content)
        with pytest.raises(KeyInvalid, match="no RSA private key of 2048 bits") as unusable:
            AppKey.read(path)
        assert str(path) in str(unusable.value)
        assert not content.strip() or content.strip() not in str(unusable.value)
    for content in (short.public, "", "nonsense", ours().private):
        with pytest.raises(KeyInvalid, match="no RSA public key of 2048 bits"):
            AlipayKey.read(written(content))


def test_a_key_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyInvalid, match="No such file"):
        AppKey.read(tmp_path / "none.pem")
    with pytest.raises(KeyInvalid, match="Is a directory"):
        AlipayKey.read(tmp_path)


def test_a_private_key_never_shows_itself() -> None:
    assert repr(ours().signs) == "AppKey(…)"
