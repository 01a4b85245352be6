"""What whoever validates is given."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from emca_daemon.protocols.acme.tasks import lease_end
from emca_daemon.settings.corroboration import AcmePerspectiveSettings, AcmePerspectivesSettings
from tests.support.acme_world import SETTINGS
from tests.support.records import NOW


def test_a_lease_outlasts_every_fetch_of_an_attempt() -> None:
    """A request and ten redirects that each take all of their time."""
    assert lease_end(SETTINGS, NOW) > NOW + 11 * SETTINGS.network.timeout
    assert lease_end(SETTINGS, NOW) < NOW + 11 * SETTINGS.network.timeout + timedelta(minutes=1)


def test_a_lease_outlasts_perspectives_too() -> None:
    """Where there are any."""
    east = AcmePerspectiveSettings(address="https://east.example:8555", certificate=Path("east.pem"))
    perspectives = AcmePerspectivesSettings(remotes={"east": east})
    longer = lease_end(replace(SETTINGS, perspectives=perspectives), NOW)
    assert longer == lease_end(SETTINGS, NOW) + 11 * perspectives.timeout
