"""Tests of emca_daemon.protocols.scep.endpoint."""

from dataclasses import replace

import pytest

from emca_daemon.errors import Refused
from emca_daemon.names import ProfileName
from emca_daemon.settings.scep import ScepLegacySettings, ScepRenewalSettings
from tests.support.ca_world import ISSUING
from tests.support.scep_world import ScepWorld, settings


def test_what_is_broken_is_allowed_by_its_switch_alone() -> None:
    """Each switch adds its own algorithm."""
    world = ScepWorld()
    endpoint = world.endpoint
    for switch, digests, ciphers in (
        ("sha1", {"sha1"}, set()),
        ("md5", {"md5"}, set()),
        ("triple_des", set(), {"des-ede3-cbc"}),
        ("des", set(), {"des-cbc"}),
    ):
        on = replace(endpoint, settings=settings(legacy=ScepLegacySettings(**{switch: True})))
        assert on.digests - endpoint.digests == digests
        assert on.ciphers - endpoint.ciphers == ciphers


def test_the_issuer_is_the_settings_or_the_profiles() -> None:
    """Somebody must say."""
    endpoint = ScepWorld().endpoint
    assert endpoint.issuer == endpoint.authority.name == ISSUING
    with pytest.raises(Refused):
        _ = replace(endpoint, settings=settings(issuer=None)).issuer


def test_what_may_be_renewed_is_what_is_issued() -> None:
    """Unless the settings say otherwise."""
    endpoint = ScepWorld().endpoint
    assert endpoint.renewable == {ProfileName("device")}
    renewal = ScepRenewalSettings(profiles=(ProfileName("tls-client"),))
    assert replace(endpoint, settings=settings(renewal=renewal)).renewable == {ProfileName("tls-client")}
