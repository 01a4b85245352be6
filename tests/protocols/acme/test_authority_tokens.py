"""Authority tokens: JWTs, their signatures, their authorities and their times."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.weak_keys import WeakKeys
from emca_daemon.protocols.acme.account_keys import read_jwk
from emca_daemon.protocols.acme.authority_tokens import LONGEST, TokenAuthority, names_key, read_token
from tests.support.acme_client import AccountPrivateKey, b64, jwk_of
from tests.support.token_authority import X5U, Authority, fingerprint_of, rsa_key

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SECOND = int(NOW.timestamp())
ATC: dict[str, Any] = {"tktype": "TNAuthList", "tkvalue": "x", "ca": False, "fingerprint": "SHA256 00"}


@cache
def authority() -> Authority:
    """One for all."""
    return Authority(NOW)


def refusal_of(text: str, *trusted: TokenAuthority) -> Reason | None:
    """Why a token is refused; None where it is good."""
    try:
        read_token(text, trusted or (authority().trusted(),), NOW)
    except Refused as refused:
        return refused.reason
    return None


def test_what_a_token_says() -> None:
    """All that counts; `ca` may be left out; other claims are overlooked."""
    token = read_token(authority().token(ATC, iat=1), (authority().trusted(),), NOW)
    assert (token.authority, token.id, token.expires) == ("test", "id1", NOW + timedelta(hours=1))
    assert (token.kind, token.value, token.ca, token.fingerprint) == ("TNAuthList", "x", False, "SHA256 00")
    atc = {name: value for name, value in ATC.items() if name != "ca"}
    assert read_token(authority().token(atc), (authority().trusted(),), NOW).ca is False
    assert read_token(authority().token({**ATC, "ca": True}), (authority().trusted(),), NOW).ca is True


@pytest.mark.parametrize("kind", ["rsa", "p-384", "ed25519"])
def test_keys_of_other_kinds(kind: str) -> None:
    """Whatever signs accounts' requests signs tokens."""
    key: AccountPrivateKey = ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else rsa_key()
    if kind == "p-384":
        key = ec.generate_private_key(ec.SECP384R1())
    other = Authority(NOW, key)
    assert refusal_of(other.token(ATC), other.trusted()) is None


def test_the_three_ways_to_name_an_authority() -> None:
    """By certificate, by its address, or by `iss`; `iss` may not contradict."""
    one = authority()
    by_issuer = one.trusted(x5u=None, issuer="https://authority.test")
    assert refusal_of(one.token(ATC, {"x5c": one.x5c}), one.trusted(x5u=None)) is None
    assert refusal_of(one.token(ATC, {}, iss="https://authority.test"), by_issuer) is None
    assert refusal_of(one.token(ATC, {"x5c": one.x5c}, iss="https://authority.test"), by_issuer) is None
    assert refusal_of(one.token(ATC, {"x5c": one.x5c}, iss="other"), by_issuer) is Reason.NOT_PERMITTED
    assert refusal_of(one.token(ATC, {"x5c": Authority(NOW).x5c})) is Reason.NOT_PERMITTED
    assert refusal_of(one.token(ATC, {"x5u": X5U + "/"})) is Reason.NOT_PERMITTED
    assert refusal_of(one.token(ATC, {}), one.trusted()) is Reason.NOT_PERMITTED
    assert refusal_of(one.token(ATC, {}, iss="other"), by_issuer) is Reason.NOT_PERMITTED
    assert refusal_of(one.token(ATC), one.trusted(x5u=None)) is Reason.NOT_PERMITTED
    assert refusal_of(one.token(ATC), Authority(NOW).trusted(x5u="https://b.test"), one.trusted()) is None


def test_another_key_is_refused() -> None:
    """The authority's address does not suffice, nor does its certificate in the header."""
    assert refusal_of(Authority(NOW).token(ATC)) is Reason.BAD_INTEGRITY
    assert refusal_of(Authority(NOW).token(ATC, {"x5c": authority().x5c})) is Reason.BAD_INTEGRITY
    head, body, signature = authority().token(ATC).split(".")
    other = b64(json.dumps({"exp": SECOND + 9, "jti": "x", "atc": ATC}).encode())
    assert refusal_of(f"{head}.{other}.{signature}") is Reason.BAD_INTEGRITY
    assert refusal_of(f"{head}.{body}.") is Reason.BAD_INTEGRITY


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", "ES384", 1, None])
def test_other_algorithms_are_refused(algorithm: object) -> None:
    """None at all, symmetric ones, and those of other keys."""
    _, body, signature = authority().token(ATC).split(".")
    head = b64(json.dumps({"alg": algorithm, "x5u": X5U}).encode())
    assert refusal_of(f"{head}.{body}.{signature}") is Reason.ALGORITHM_REFUSED


def test_an_authority_whose_key_signs_no_tokens() -> None:
    """DSA, for one."""
    key = dsa.generate_private_key(2048)
    name = x509.Name([])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + timedelta(days=1))
    trusted = TokenAuthority("dsa", builder.sign(key, hashes.SHA256()), x5u=X5U)
    assert refusal_of(authority().token(ATC), trusted) is Reason.ALGORITHM_REFUSED


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": SECOND},
        {"exp": SECOND + LONGEST.total_seconds() + 1},
        {"nbf": SECOND + 61},
    ],
)
def test_tokens_out_of_their_time(claims: dict[str, Any]) -> None:
    """Run out, not good yet, good for too long."""
    assert refusal_of(authority().token(ATC, **claims)) is Reason.NOT_PERMITTED
    assert refusal_of(authority().token(ATC, nbf=SECOND + 59)) is None


def test_an_authority_out_of_its_time() -> None:
    """Its certificate has run out."""
    old = Authority(NOW - timedelta(days=10), days=5)
    text = Authority(NOW, old.key).token(ATC)
    assert refusal_of(text, old.trusted()) is Reason.NOT_PERMITTED


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"exp": -1},
        {"exp": 1e300},
        {"nbf": "now"},
        {"jti": None},
        {"jti": ""},
        {"jti": 5},
        {"jti": "x" * 513},
        {"atc": None},
        {"atc": []},
        {"atc": {}},
        {"atc": {**ATC, "ca": "no"}},
        {"atc": {**ATC, "tkvalue": 1}},
    ],
)
def test_claims_that_are_none(claims: dict[str, Any]) -> None:
    """Missing, or of another type."""
    given = {"atc": ATC, **claims}
    assert refusal_of(authority().token(given.pop("atc"), **given)) is Reason.MALFORMED


@pytest.mark.parametrize("header", [{"x5c": []}, {"x5c": "x"}, {"x5c": [1]}, {"x5c": ["?"]}, {"x5c": ["é"]}])
def test_chains_that_are_none(header: dict[str, Any]) -> None:
    """Malformed."""
    assert refusal_of(authority().token(ATC, header)) is Reason.MALFORMED


def test_critical_extensions_are_not_known() -> None:
    """Malformed, as in requests."""
    assert refusal_of(authority().token(ATC, {"x5u": X5U, "crit": ["b64"]})) is Reason.MALFORMED


@given(st.one_of(st.text(max_size=60), st.from_regex(r"[A-Za-z0-9_-]{0,20}\.[A-Za-z0-9_-]{0,20}\.[a-z]{0,9}")))
def test_any_text_is_refused(text: str) -> None:
    """Malformed, no stack trace."""
    assert refusal_of(text) is Reason.MALFORMED


def test_a_token_of_no_end_is_refused() -> None:
    """Before anything is read."""
    assert refusal_of(authority().token({**ATC, "tkvalue": "x" * 70_000})) is Reason.MALFORMED


def test_whose_key_a_fingerprint_names() -> None:
    """By either digest that is in use, in either case, and nothing else."""
    key = read_jwk(jwk_of(ec.generate_private_key(ec.SECP256R1())), WeakKeys())
    other = read_jwk(jwk_of(ec.generate_private_key(ec.SECP256R1())), WeakKeys())
    right = fingerprint_of(key.fingerprint)
    assert names_key(right, key)
    assert names_key(right.lower(), key)
    assert not names_key(right, other)
    assert not names_key(right[:-3], key)
    assert not names_key(right.replace("SHA256", "SHA1"), key)
    assert not names_key("SHA256", key)
    assert not names_key("SHA256 xyz", key)
    assert not names_key("", replace(key))
