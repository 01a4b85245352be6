"""Tests of emca_daemon.policy.subtrees."""

import ipaddress

import pytest
from cryptography import x509

from emca_daemon.policy.subtrees import Subtree

GOOD = [
    ("dns:Example.com", x509.DNSName("example.com")),
    ("dns:.example.com", x509.DNSName(".example.com")),
    ("ip:10.0.0.0/8", x509.IPAddress(ipaddress.ip_network("10.0.0.0/8"))),
    ("email:Example.com", x509.RFC822Name("example.com")),
    ("email:Bob@Example.com", x509.RFC822Name("Bob@example.com")),
    ("uri:.example.com", x509.UniformResourceIdentifier(".example.com")),
    ("directory:O=Example", x509.DirectoryName(x509.Name.from_rfc4514_string("O=Example"))),
]


@pytest.mark.parametrize(("text", "name"), GOOD)
def test_a_subtree_is_read_from_type_and_value(text: str, name: x509.GeneralName) -> None:
    """Hosts in lower case."""
    assert Subtree.parse(text).general_name == name


@pytest.mark.parametrize(
    "text", ["", "example.com", "dns:a..b", "dns:*.a", "ip:10.0.0.1/8", "email:a@", "upn:a@b", "directory:x"]
)
def test_what_is_no_subtree_is_refused(text: str) -> None:
    """ValueError shows the forms there are."""
    with pytest.raises(ValueError, match="a subtree such as"):
        Subtree.parse(text)
