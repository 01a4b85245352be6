"""What whoever validates is given."""

from datetime import timedelta

from emca_daemon.protocols.acme.tasks import lease_end
from tests.support.acme_world import SETTINGS
from tests.support.records import NOW


def test_a_lease_outlasts_every_fetch_of_an_attempt() -> None:
    """A request and ten redirects that each take all of their time."""
    assert lease_end(SETTINGS, NOW) > NOW + 11 * SETTINGS.network.timeout
    assert lease_end(SETTINGS, NOW) < NOW + 11 * SETTINGS.network.timeout + timedelta(minutes=1)
