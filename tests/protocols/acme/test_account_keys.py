"""Account keys."""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.keys import key_fingerprint
from emca_daemon.policy.weak_keys import WeakKeys
from emca_daemon.protocols.acme.account_keys import (
    AccountKey,
    KeyMemory,
    algorithm_of,
    check_signature,
    known_account,
    read_jwk,
    read_stored,
)
from emca_daemon.protocols.acme.errors import AcmeRefusal
from tests.support.acme_client import b64, jwk_of, sign, thumbprint_of
from tests.support.acme_records import account

EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()
RSA_KEY = rsa.generate_private_key(65537, 2048)
WEAK = WeakKeys()


@pytest.mark.parametrize("private", [EC_KEY, ED_KEY, RSA_KEY, ec.generate_private_key(ec.SECP521R1())])
def test_a_key_survives_the_store(private: Any) -> None:
    """Text and back; thumbprint and fingerprint are those of the key."""
    key = read_jwk(jwk_of(private), WEAK)
    assert key.thumbprint == thumbprint_of(private)
    assert key.fingerprint == key_fingerprint(private.public_key())
    again = read_stored(key.text())
    assert (again.thumbprint, again.text()) == (key.thumbprint, key.text())


def test_further_members_are_left_out() -> None:
    """`kid`, `use` and the like are no part of the key."""
    key = read_jwk({**jwk_of(EC_KEY), "kid": "mine", "use": "sig"}, WEAK)
    assert json.loads(key.text()) == jwk_of(EC_KEY)


def odd_keys() -> list[tuple[object, Reason]]:
    """Keys that are not taken, and why."""
    point, modulus = jwk_of(EC_KEY), jwk_of(RSA_KEY)
    small = jwk_of(rsa.generate_private_key(65537, 1024))
    large = {"kty": "RSA", "e": "AQAB", "n": b64(b"\x80" + b"\x01" * 1100)}
    return [
        ("text", Reason.MALFORMED),
        ({}, Reason.KEY_REFUSED),
        ({"kty": ["EC"]}, Reason.KEY_REFUSED),
        ({"kty": "oct", "k": "AAAA"}, Reason.KEY_REFUSED),
        ({**point, "d": "AAAA"}, Reason.KEY_REFUSED),
        ({**point, "x": point["x"] + "="}, Reason.MALFORMED),
        ({**point, "x": "AAAA"}, Reason.KEY_REFUSED),
        ({**point, "crv": "secp256k1"}, Reason.KEY_REFUSED),
        ({**point, "crv": 256}, Reason.KEY_REFUSED),
        ({**point, "y": b64(bytes(32))}, Reason.KEY_REFUSED),
        ({"kty": "EC", "x": point["x"], "y": point["y"]}, Reason.KEY_REFUSED),
        ({**modulus, "n": ""}, Reason.KEY_REFUSED),
        ({**modulus, "e": b64(b"\x01")}, Reason.KEY_REFUSED),
        ({**modulus, "e": b64(b"\x01" * 9)}, Reason.KEY_REFUSED),
        ({**modulus, "n": b64(b"\x81" * 40_000)}, Reason.KEY_REFUSED),
        (small, Reason.KEY_REFUSED),
        (large, Reason.KEY_REFUSED),
        ({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}, Reason.KEY_REFUSED),
    ]


@pytest.mark.parametrize(("value", "reason"), odd_keys())
def test_odd_keys_are_refused(value: object, reason: Reason) -> None:
    """Private, symmetric, off the curve, too short, too long, or not a key at all."""
    with pytest.raises(Refused) as refused:
        read_jwk(value, WEAK)
    assert refused.value.reason is reason


def test_known_weak_keys_are_refused() -> None:
    """The list of the policy counts for account keys too."""
    weak = WeakKeys([key_fingerprint(EC_KEY.public_key())])
    with pytest.raises(Refused, match="publicly known"):
        read_jwk(jwk_of(EC_KEY), weak)


@given(
    st.dictionaries(
        st.sampled_from(["kty", "crv", "x", "y", "n", "e"]),
        st.one_of(st.sampled_from(["EC", "RSA", "OKP", "P-256", "Ed25519"]), st.text(max_size=50), st.integers()),
    )
)
def test_any_object_gives_a_key_or_a_refusal(value: dict[str, object]) -> None:
    """Nothing else comes out."""
    with suppress(Refused):
        assert isinstance(read_jwk(value, WEAK), AccountKey)


@pytest.mark.parametrize("name", ["none", "HS256", "ES256K", None, 7, ["ES256"]])
def test_other_algorithms_are_refused_with_a_list(name: object) -> None:
    """RFC 8555 6.2: badSignatureAlgorithm tells what is accepted."""
    with pytest.raises(AcmeRefusal) as refused:
        algorithm_of(name)
    document = refused.value.problem.document()
    assert document["type"] == "urn:ietf:params:acme:error:badSignatureAlgorithm"
    assert "ES256" in document["algorithms"]  # type: ignore[operator]


def test_signatures_are_checked() -> None:
    """A right one passes; a wrong one and a key of another kind do not."""
    key = read_jwk(jwk_of(EC_KEY), WEAK)
    signature = sign(EC_KEY, b"text", "ES256")
    check_signature(algorithm_of("ES256"), key, b"text", signature)
    with pytest.raises(Refused) as refused:
        check_signature(algorithm_of("ES256"), key, b"other", signature)
    assert refused.value.reason is Reason.BAD_INTEGRITY
    with pytest.raises(Refused) as refused:
        check_signature(algorithm_of("RS256"), key, b"text", signature)
    assert refused.value.reason is Reason.ALGORITHM_REFUSED


def test_the_memory_is_bounded() -> None:
    """The account used longest ago makes room."""
    memory = KeyMemory(2)
    text = read_jwk(jwk_of(EC_KEY), WEAK).text()
    a, b, c = (known_account(replace(account(name), jwk=text)) for name in "abc")
    memory.put(a)
    memory.put(b)
    assert memory.get("a") is a
    memory.put(c)
    assert [name for name in "abc" if memory.get(name)] == ["a", "c"]
