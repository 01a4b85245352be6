"""Flattened JWS, strictly."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.weak_keys import WeakKeys
from emca_daemon.protocols.acme.account_keys import read_jwk
from emca_daemon.protocols.acme.jws import read_flattened, read_signed
from tests.support.acme_client import b64, flattened, jwk_of

KEY = ec.generate_private_key(ec.SECP256R1())
HEADER = {"alg": "ES256", "kid": "k", "nonce": "n", "url": "u"}


def message(**header: Any) -> dict[str, Any]:
    """A signed message; `header` replaces members of the protected header, None leaves them out."""
    merged = {name: value for name, value in {**HEADER, **header}.items() if value is not None}
    return flattened(KEY, merged, b'{"a":1}')


def test_a_message_is_taken_apart() -> None:
    """Header, payload, and a signature that verifies."""
    read = read_signed(json.dumps(message()).encode())
    assert (read.kid, read.jwk, read.url, read.payload) == ("k", None, "u", b'{"a":1}')
    read.verify(read_jwk(jwk_of(KEY), WeakKeys()))


def test_further_members_are_ignored() -> None:
    """RFC 7515 7.2.1: members that are not understood."""
    assert read_flattened({**message(), "comment": 1}).kid == "k"


BROKEN = [
    {"header": {}},
    {"signatures": []},
    {"payload": None},
    {"payload": "e30="},
    {"signature": "AA=="},
    {"signature": 1},
    {"protected": ""},
    {"protected": b64(b"[]")},
    {"protected": b64(b'{"alg":"ES256","alg":"ES256"}')},
]


@pytest.mark.parametrize("change", BROKEN)
def test_other_forms_are_malformed(change: dict[str, Any]) -> None:
    """General form, unprotected header, padding, missing members, duplicates in the header."""
    with pytest.raises(Refused) as refused:
        read_flattened({**message(), **change})
    assert refused.value.reason is Reason.MALFORMED


@pytest.mark.parametrize(
    "header", [{"crit": ["exp"]}, {"b64": False}, {"jwk": {}}, {"kid": None}, {"kid": None, "jwk": None}]
)
def test_odd_headers_are_malformed(header: dict[str, Any]) -> None:
    """Critical extensions, and not exactly one of jwk and kid."""
    with pytest.raises(Refused) as refused:
        read_flattened(message(**header))
    assert refused.value.reason is Reason.MALFORMED


def test_a_member_that_is_null_is_no_member() -> None:
    """acme-client-lib writes `"kid": null` beside its key."""
    by_key = read_flattened(flattened(KEY, {**HEADER, "kid": None, "jwk": jwk_of(KEY)}, b""))
    by_name = read_flattened(flattened(KEY, {**HEADER, "jwk": None}, b""))
    assert (by_key.jwk, by_key.kid) == (jwk_of(KEY), None)
    assert (by_name.jwk, by_name.kid) == (None, "k")
    with pytest.raises(Refused):
        read_flattened(flattened(KEY, {**HEADER, "kid": None, "jwk": None}, b""))


def test_foreign_algorithms_are_told_apart() -> None:
    """BadSignatureAlgorithm rather than malformed."""
    good = message()
    header = json.dumps({**HEADER, "alg": "none"}).encode()
    with pytest.raises(Refused) as refused:
        read_flattened({**good, "protected": b64(header)})
    assert refused.value.reason is Reason.ALGORITHM_REFUSED


@given(st.binary(max_size=300))
def test_any_bytes_give_a_message_or_a_refusal(data: bytes) -> None:
    """Nothing else comes out."""
    with pytest.raises(Refused):
        read_signed(data)
