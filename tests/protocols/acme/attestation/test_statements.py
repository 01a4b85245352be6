"""Attestation objects as they are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.protocols.acme.attestation.statements import (
    MOST_CERTIFICATES,
    Statement,
    bad_statement,
    read_statement,
)
from emca_daemon.protocols.acme.errors import AcmeRefusal
from tests.support.attester import cbor


@given(st.binary(max_size=100))
def test_garbage_is_a_bad_statement(data: bytes) -> None:
    """Whatever it is."""
    with pytest.raises(AcmeRefusal) as refused:
        read_statement(data)
    assert (refused.value.problem.type, refused.value.problem.status) == ("badAttestationStatement", 400)


def test_what_is_read() -> None:
    """The format and the statement; authData is ignored."""
    found = read_statement(cbor({"fmt": "x", "attStmt": {"sig": b"1"}, "authData": b"?"}))
    assert (found.format, found.octets("sig")) == ("x", b"1")
    for odd in ({"fmt": 1, "attStmt": {}}, {"fmt": "x", "attStmt": []}, {"fmt": "x"}):
        with pytest.raises(AcmeRefusal):
            read_statement(cbor(odd))  # type: ignore[arg-type]


def test_members() -> None:
    """Octets, and a list of certificates."""
    assert Statement("x", {"x5c": [b"1", b"2"]}).certificates == [b"1", b"2"]
    for odd in (None, [], b"1", ["1"], [b"1", 1], [b"1"] * (MOST_CERTIFICATES + 1)):
        with pytest.raises(AcmeRefusal):
            assert Statement("x", {"x5c": odd}).certificates  # type: ignore[dict-item]
    for value in (None, "text", b""):
        with pytest.raises(AcmeRefusal):
            Statement("x", {"sig": value}).octets("sig")
    assert bad_statement("why").problem.detail == "why"
