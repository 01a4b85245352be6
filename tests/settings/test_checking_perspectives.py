"""Cross-checks of an ACME endpoint's perspectives."""

from dataclasses import replace
from pathlib import Path

import pytest

from emca_daemon.settings.checking_perspectives import check_perspectives
from emca_daemon.settings.corroboration import AcmePerspectiveSettings, AcmePerspectivesSettings

EAST = AcmePerspectiveSettings(address="https://east.example:8555", certificate=Path("east.pem"))
GOOD = AcmePerspectivesSettings(certificate=Path("own.pem"), key=Path("own.key"), quorum=1, remotes={"east": EAST})


def keys(settings: AcmePerspectivesSettings) -> list[str]:
    """The keys found wrong."""
    return [key for key, _ in check_perspectives(settings, "p")]


def test_what_fits_is_accepted() -> None:
    """With perspectives and without."""
    assert keys(GOOD) == keys(AcmePerspectivesSettings()) == []


@pytest.mark.parametrize("address", ["http://east.example", "https://east.example/path", "https://e.example?x", "east"])
def test_addresses_are_those_of_hosts(address: str) -> None:
    """By https, without a path."""
    assert keys(replace(GOOD, remotes={"east": replace(EAST, address=address)})) == ["p.remotes.east.address"]


def test_what_does_not_fit_is_found() -> None:
    """Names, one perspective counted twice, no certificate of our own, more agreement than perspectives."""
    assert keys(replace(GOOD, remotes={"a b": EAST})) == ["p.remotes.a b"]
    assert keys(replace(GOOD, remotes={"a": EAST, "b": EAST})) == ["p.remotes"]
    assert keys(replace(GOOD, certificate=None, key=None)) == ["p.certificate", "p.key"]
    assert keys(replace(GOOD, quorum=2)) == ["p.quorum"]
    assert keys(replace(GOOD, remotes={})) == ["p.certificate", "p.key", "p.quorum"]
