"""Tests of emca_daemon.policy.key_rules."""

from dataclasses import replace

import pytest

from emca_daemon.errors import Reason
from emca_daemon.policy.facts import KeyFacts
from emca_daemon.policy.key_rules import key_mismatches
from tests.support.policy_world import a_key, facts, profile

RSA = replace(a_key(), algorithm="rsa", parameter="", bits=2048, exponent=65537)

CASES: list[tuple[dict[str, object], KeyFacts, list[str]]] = [
    ({}, a_key(), []),
    ({}, RSA, []),
    ({"algorithms": ["rsa"]}, a_key(), ["key.algorithms"]),
    ({"algorithms": ["p-256"]}, RSA, ["key.algorithms"]),
    ({"algorithms": ["ed25519"]}, replace(a_key(), algorithm="ed25519", parameter=""), []),
    ({"algorithms": ["ml-dsa-65"]}, replace(a_key(), algorithm="ml-dsa", parameter="ml-dsa-65"), []),
    ({"algorithms": ["ml-dsa-65"]}, replace(a_key(), algorithm="ml-dsa", parameter="ml-dsa-44"), ["key.algorithms"]),
    ({}, replace(a_key(), algorithm="x25519", parameter=""), ["key.algorithms"]),
    ({"algorithms": ["ml-kem-768"]}, replace(a_key(), algorithm="ml-kem", parameter="ml-kem-768"), []),
    ({"algorithms": ["ml-kem-768"]}, replace(a_key(), algorithm="ml-kem", parameter="ml-kem-1024"), ["key.algorithms"]),
    ({}, replace(RSA, bits=2047), ["key.rsa_minimum"]),
    ({}, replace(RSA, bits=8193), ["key.rsa_maximum"]),
    ({}, replace(RSA, exponent=3), ["key.rsa_exponent_minimum"]),
    ({"rsa_exponent_minimum": 3}, replace(RSA, exponent=3), []),
    ({}, replace(a_key(), weaknesses=("is weak", "is weaker")), ["key.weaknesses", "key.weaknesses"]),
]


@pytest.mark.parametrize(("rules", "key", "fields"), CASES)
def test_keys_are_held_against_the_profile(rules: dict[str, object], key: KeyFacts, fields: list[str]) -> None:
    """Kind, size, exponent and weaknesses, all about the key."""
    found = key_mismatches(profile(key=rules).key, replace(facts(), key=key))
    assert [mismatch.field for mismatch in found] == fields
    assert all(mismatch.reason is Reason.KEY_REFUSED for mismatch in found)


DUPLICATES = [
    ("allow", 3, 2, []),
    ("same-requester", 3, 0, []),
    ("same-requester", 3, 1, ["key.duplicates"]),
    ("refuse", 0, 0, []),
    ("refuse", 1, 0, ["key.duplicates"]),
]


@pytest.mark.parametrize(("choice", "before", "others", "fields"), DUPLICATES)
def test_a_key_that_has_a_certificate(choice: str, before: int, others: int, fields: list[str]) -> None:
    """Gets another always, for the same requester, or never."""
    request = replace(facts(), key_certified_before=before, key_certified_for_others=others)
    assert [m.field for m in key_mismatches(profile(key={"duplicates": choice}).key, request)] == fields


@pytest.mark.parametrize("signature", ["sha1WithRSAEncryption", "md5WithRSAEncryption", "ecdsa-with-SHA1"])
def test_requests_signed_with_broken_hashes_are_refused(signature: str) -> None:
    """By default; the reason is the algorithm."""
    (found,) = key_mismatches(profile().key, replace(facts(), request_signature=signature))
    assert (found.field, found.reason) == ("key.request_signatures", Reason.ALGORITHM_REFUSED)


def test_a_request_without_signature_is_not_held_against_the_list() -> None:
    """Possession was proved otherwise, or needs no proof."""
    assert key_mismatches(profile().key, replace(facts(), request_signature="")) == []
