"""Tests of emca_daemon.asn1.attributes."""

from cryptography import x509

from emca_daemon.asn1.attributes import BY_NAME, BY_OID, COMMON_NAME, attribute_type


def test_every_known_type_has_a_real_oid_and_one_name() -> None:
    """The tables are complete and free of doubles."""
    assert len(BY_OID) == len(BY_NAME)
    assert all(x509.ObjectIdentifier(oid).dotted_string == oid for oid in BY_OID)


def test_the_common_name_is_known() -> None:
    """Its name and its upper bound are X.520's."""
    assert (attribute_type(COMMON_NAME).name, attribute_type(COMMON_NAME).maximum) == ("commonName", 64)


def test_an_unknown_type_is_called_by_its_oid() -> None:
    """Its values are bounded all the same."""
    assert (attribute_type("1.2.3").name, attribute_type("1.2.3").maximum) == ("1.2.3", 256)
