"""Tests of emca_daemon.protocols.scep.records."""

from emca_daemon.protocols.scep.records import group_name, transaction_name


def test_groups_are_of_one_endpoint_and_transaction() -> None:
    """Of a length that any transactionID fits into."""
    assert group_name("a", b"1") == group_name("a", b"1")
    assert len({group_name("a", b"1"), group_name("b", b"1"), group_name("a", b"2"), group_name("a", b"1" * 999)}) == 4
    assert len(group_name("a", b"x" * 1000)) == 64


def test_a_renewal_is_another_request() -> None:
    """The same octets, signed by the certificate that is renewed."""
    names = {
        transaction_name("g", b"csr", b""),
        transaction_name("g", b"csr", b"old"),
        transaction_name("g", b"c", b""),
    }
    assert len(names) == 3
