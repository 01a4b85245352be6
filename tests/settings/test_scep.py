"""Tests of emca_daemon.settings.scep."""

from pathlib import Path

from emca_daemon.names import ProfileName
from emca_daemon.settings.scep import (
    USUAL_PATHS,
    ScepChallengeSettings,
    ScepRenewalSettings,
    ScepSettings,
)
from emca_daemon.settings.scep_provisioning import ScepApiSettings, ScepPageSettings

PROFILE = ProfileName("device")


def test_the_default_endpoint_is_where_clients_look() -> None:
    """Others are below /scep, or where the settings say."""
    endpoint = ScepSettings(profile=PROFILE)
    assert endpoint.every_path("site") == ("/scep/site",)
    assert endpoint.every_path("default") == ("/scep/default", *USUAL_PATHS)
    assert ScepSettings(profile=PROFILE, paths=("/x",)).every_path("default") == ("/x",)


def test_profiles_are_those_issued_and_those_of_the_ra() -> None:
    """Once each."""
    renewal = ScepRenewalSettings(profile=ProfileName("renewed"))
    two = ScepSettings(profile=PROFILE, renewal=renewal, ra="two")
    assert two.every_profile == {PROFILE, ProfileName("renewed")}
    assert two.all_profiles == ("device", "renewed", "scep-ra-encryption", "scep-ra-signing")
    assert ScepSettings(profile=PROFILE).ra_profiles == (("ra", "scep-ra"),)
    assert ScepSettings(profile=PROFILE, ra="none").ra_profiles == ()


def test_a_static_challenge_has_its_file() -> None:
    """And nothing else has one."""
    assert list(ScepChallengeSettings().contradictions()) == []
    assert list(ScepChallengeSettings(policy="static", secret_file=Path("x")).contradictions()) == []
    for wrong in (ScepChallengeSettings(policy="static"), ScepChallengeSettings(secret_file=Path("x"))):
        assert [key for key, _ in wrong.contradictions()] == ["secret_file"]


def test_challenges_are_handed_out_where_they_are_asked_for() -> None:
    """By the page and the API, each at its path."""
    page, api = ScepPageSettings(enabled=True), ScepApiSettings(enabled=True)
    static = ScepSettings(profile=PROFILE, page=page, api=api)
    assert [key for key, _ in static.contradictions()] == ["page.enabled", "api.enabled"]
    one_time = ScepSettings(profile=PROFILE, page=page, api=api, challenge=ScepChallengeSettings(policy="one-time"))
    assert list(one_time.contradictions()) == []
    assert one_time.provisioning_paths("x") == (("page.path", "/certsrv/mscep_admin"), ("api.path", "/scep-api/x"))
    device = ScepSettings(profile=PROFILE, api=ScepApiSettings(enabled=True, path="/a"))
    assert device.provisioning_paths("x") == (("api.path", "/a"),)
    assert ScepSettings(profile=PROFILE).provisioning_paths("x") == ()


def test_a_device_does_not_become_another_by_renewal() -> None:
    """Its names stay, or it is not renewed."""
    device = ScepChallengeSettings(policy="device")
    for renewal, wrong in (
        (ScepRenewalSettings(), []),
        (ScepRenewalSettings(same_names=False), ["renewal.same_names"]),
        (ScepRenewalSettings(same_names=False, enabled=False), []),
    ):
        endpoint = ScepSettings(profile=PROFILE, challenge=device, renewal=renewal)
        assert [key for key, _ in endpoint.contradictions()] == wrong
