"""Critical extensions of others."""

import pytest
from cryptography import x509

from emca_daemon.asn1.critical_extensions import has_unknown_extension
from tests.support.makers import Maker

NAMED = x509.NameConstraints([x509.DNSName("example.com")], None)
USAGE = x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.2")])


@pytest.mark.parametrize(("extension", "unknown"), [(None, False), (USAGE, False), (NAMED, True)])
def test_only_what_is_understood_may_be_critical(extension: x509.ExtensionType | None, unknown: bool) -> None:
    """Name constraints are not looked at, so they must not be overlooked."""
    assert has_unknown_extension(Maker("maker").device(critical=extension)) is unknown
