"""Reading DER: values whole, lists of anything, AlgorithmIdentifiers."""

import pytest
from cryptography.hazmat import asn1

from emca_daemon.asn1 import der
from emca_daemon.asn1.values import (
    Algorithm,
    algorithm,
    algorithm_of,
    content_parts,
    decoded,
    encoded,
    integer,
    object_identifier,
    sequence_parts,
)
from emca_daemon.errors import Reason, Refused


@pytest.mark.parametrize("value", [der.integer(-300), der.NULL, der.octet_string(bytes(300)), der.sequence(der.NULL)])
def test_a_value_is_given_back_as_it_came(value: bytes) -> None:
    """Identifier and length included."""
    assert [encoded(one) for one in sequence_parts(der.sequence(value, value), "list")] == [value, value]
    assert [encoded(one) for one in content_parts(value, "list")] == [value]


def test_high_tags_are_refused() -> None:
    """Nothing here has them."""
    (part,) = content_parts(b"\x9f\x81\x01\x00", "value")
    with pytest.raises(Refused, match="tag"):
        encoded(part)


@pytest.mark.parametrize("oid", ["1.2.3", "2.16.840.1.101.3.4.2.1"])
@pytest.mark.parametrize("parameters", [None, der.NULL, der.sequence()])
def test_algorithms_come_and_go(oid: str, parameters: bytes | None) -> None:
    """With parameters or without."""
    found = algorithm(Algorithm(oid, parameters).encoded())
    assert found == Algorithm(oid, parameters)
    assert found.without_parameters == (parameters != der.sequence())


@pytest.mark.parametrize(
    "data",
    [b"", b"0", der.NULL, der.sequence(), der.sequence(der.NULL), der.sequence(der.oid("1.2"), der.NULL, der.NULL)],
)
def test_what_is_no_algorithm(data: bytes) -> None:
    """Is refused as malformed."""
    with pytest.raises(Refused) as refusal:
        algorithm(data)
    assert refusal.value.reason is Reason.MALFORMED


def test_single_values() -> None:
    """Integers and object identifiers."""
    assert integer(der.integer(5), "number") == 5
    (part,) = content_parts(der.oid("1.2.3"), "oid")
    assert object_identifier(part) == "1.2.3"
    with pytest.raises(Refused, match="number"):
        integer(der.NULL, "number")
    with pytest.raises(Refused):
        algorithm_of([])
    assert decoded(asn1.Null, der.NULL, "NULL") is not None
