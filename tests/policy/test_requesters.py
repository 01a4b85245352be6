"""Tests of emca_daemon.policy.requesters."""

import pytest

from emca_daemon.errors import Reason
from emca_daemon.policy.requesters import requester_mismatches
from tests.support.policy_world import WHO, problems_of, profile

GOOD = [
    {},
    {"protocols": ["est", "acme"]},
    {"identities": ["account-[0-9]+"]},
    {"applications": ["acme"]},
    {"proofs": ["jws"]},
    {"groups": ["other", "staff"]},
    {"protocols": ["acme"], "identities": ["x", ".*"], "groups": ["staff"]},
]


@pytest.mark.parametrize("rules", GOOD)
def test_who_satisfies_every_list_may_ask(rules: dict[str, list[str]]) -> None:
    """Empty lists ask nothing."""
    assert requester_mismatches(profile(requesters=rules), WHO) == []


@pytest.mark.parametrize(
    ("field", "value", "known"),
    [("protocols", "emt", '"est"'), ("proofs", "pasword", '"password"'), ("proofs", "revocation-passphrase", '"jws"')],
)
def test_what_nobody_has_is_refused_at_load(field: str, value: str, known: str) -> None:
    """With what there is: a slip of the pen would refuse everybody."""
    ((key, expected),) = problems_of({"requesters": {field: [value]}})
    assert key == f"requesters.{field}[0]"
    assert known in expected


BAD = [
    ({"protocols": ["est"]}, ["requesters.protocols"]),
    ({"identities": ["account"]}, ["requesters.identities"]),
    ({"applications": ["x"]}, ["requesters.applications"]),
    ({"proofs": ["tls-certificate"]}, ["requesters.proofs"]),
    ({"groups": ["other"]}, ["requesters.groups"]),
    ({"protocols": ["est"], "groups": ["other"], "proofs": ["jws"]}, ["requesters.protocols", "requesters.groups"]),
]


@pytest.mark.parametrize(("rules", "fields"), BAD)
def test_who_does_not_is_told_every_list(rules: dict[str, list[str]], fields: list[str]) -> None:
    """Each list that is not satisfied is one mismatch, and all are about permission."""
    found = requester_mismatches(profile(requesters=rules), WHO)
    assert [mismatch.field for mismatch in found] == fields
    assert {mismatch.reason for mismatch in found} == {Reason.NOT_PERMITTED}
