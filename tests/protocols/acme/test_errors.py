"""Problem documents."""

import json

import pytest

from emca_daemon.errors import Mismatch, Reason, Refused
from emca_daemon.protocols.acme.errors import CSR_TABLE, TABLE, Problem, malformed, problem_of, unauthorized

REGISTRY = {
    "accountDoesNotExist",
    "alreadyRevoked",
    "badCSR",
    "badNonce",
    "badPublicKey",
    "badRevocationReason",
    "badSignatureAlgorithm",
    "caa",
    "compound",
    "connection",
    "dns",
    "externalAccountRequired",
    "incorrectResponse",
    "invalidContact",
    "malformed",
    "orderNotReady",
    "rateLimited",
    "rejectedIdentifier",
    "serverInternal",
    "tls",
    "unauthorized",
    "unsupportedContact",
    "unsupportedIdentifier",
    "userActionRequired",
}
"""RFC 8555 6.7."""


@pytest.mark.parametrize("table", [TABLE, CSR_TABLE])
def test_every_reason_has_its_problem(table: dict[Reason, tuple[str, int]]) -> None:
    """The tables are total, and name only registered types."""
    assert set(table) == set(Reason)
    assert {kind for kind, _ in table.values()} <= REGISTRY
    assert all(400 <= status < 600 for _, status in table.values())


def test_documents_have_the_registered_form() -> None:
    """Type with its prefix, status, detail, identifiers in subproblems only."""
    one = Problem("rejectedIdentifier", "no", identifier={"type": "dns", "value": "a"})
    document = json.loads(Problem("compound", "several", 400, subproblems=(one,), members={"x": 1}).text())
    assert document["type"] == "urn:ietf:params:acme:error:compound"
    assert (document["status"], document["detail"], document["x"]) == (400, "several", 1)
    assert document["subproblems"][0]["identifier"] == {"type": "dns", "value": "a"}
    assert "identifier" not in document


def test_mismatches_are_told() -> None:
    """Every one of them, in the detail."""
    mismatch = Mismatch("key", "too short", Reason.KEY_REFUSED)
    refused = Refused(Reason.KEY_REFUSED, "does not fit", (mismatch,))
    assert problem_of(refused) == Problem("badPublicKey", "does not fit: key: too short", 400)
    assert problem_of(refused, CSR_TABLE).type == "badCSR"


def test_own_refusals_keep_their_problem() -> None:
    """Whatever the table says."""
    assert problem_of(malformed("no", 404)) == Problem("malformed", "no", 404)
    assert problem_of(unauthorized("no"), CSR_TABLE) == Problem("unauthorized", "no", 403)
