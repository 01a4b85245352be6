"""Records."""

from datetime import UTC, datetime

from emca_daemon.names import AlternativeName, NameType
from emca_daemon.protocols.acme.records import Authorization
from emca_daemon.protocols.acme.states import AuthorizationStatus


def test_an_authorization_knows_the_name_that_was_ordered() -> None:
    """With its star."""
    now = datetime(2026, 6, 1, tzinfo=UTC)
    identifier = AlternativeName(NameType.DNS, "a.example")
    for wildcard, value in ((True, "*.a.example"), (False, "a.example")):
        one = Authorization("z", "main", "a", identifier, wildcard, AuthorizationStatus.PENDING, now, now)
        assert one.name.value == value
