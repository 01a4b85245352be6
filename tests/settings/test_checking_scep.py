"""Tests of emca_daemon.settings.checking_scep."""

from pathlib import Path

import pytest

from emca_daemon.names import IssuerName, ProfileName
from emca_daemon.settings.checking_scep import check_scep
from emca_daemon.settings.model import ExecutionSettings, Pkcs11SignerSettings, Settings, SoftwareSignerSettings
from emca_daemon.settings.scep import ScepChallengeSettings, ScepRenewalSettings, ScepSettings
from emca_daemon.settings.scep_outside import ScepJamfSettings
from emca_daemon.settings.scep_provisioning import ScepApiSettings, ScepPageSettings, ScepUsersSettings

PROFILE = ProfileName("device")
FINE = ScepSettings(profile=PROFILE)


def findings(software: bool = True, **endpoints: ScepSettings) -> list[str]:
    """The keys that are wrong."""
    signers = {"software": SoftwareSignerSettings()} if software else {}
    return [key for key, _ in check_scep(Settings(file=Path("emca.toml"), scep=endpoints, software=signers))]


def test_endpoints_that_fit_are_fine() -> None:
    """Several of them."""
    assert findings(default=FINE, other=FINE, own=ScepSettings(profile=PROFILE, ra="none")) == []


@pytest.mark.parametrize(
    ("endpoint", "key"),
    [
        (ScepSettings(profile=ProfileName("../x")), "scep.one.profile"),
        (ScepSettings(profile=PROFILE, issuer=IssuerName("")), "scep.one.issuer"),
        (ScepSettings(profile=PROFILE, next_issuer=IssuerName("a b")), "scep.one.next_issuer"),
        (ScepSettings(profile=PROFILE, ra_profile=ProfileName("/")), "scep.one.ra_profile"),
        (
            ScepSettings(profile=PROFILE, renewal=ScepRenewalSettings(profiles=(ProfileName("/"),))),
            "scep.one.renewal.profiles",
        ),
        (
            ScepSettings(profile=PROFILE, renewal=ScepRenewalSettings(issuers=(IssuerName("/"),))),
            "scep.one.renewal.issuers",
        ),
        (ScepSettings(profile=PROFILE, paths=("/x/",)), "scep.one.paths"),
        (ScepSettings(profile=PROFILE, paths=("/x", "/x")), "scep.one.paths"),
        (ScepSettings(profile=PROFILE, ra_signer="token"), "scep.one.ra_signer"),
        (ScepSettings(profile=PROFILE, page=ScepPageSettings(enabled=True, path="x")), "scep.one.page.path"),
        (ScepSettings(profile=PROFILE, api=ScepApiSettings(enabled=True, path="/scep/one")), "scep.one.api.path"),
        (ScepSettings(profile=PROFILE, jamf=ScepJamfSettings(enabled=True, path="/scep/one")), "scep.one.jamf.path"),
        (ScepSettings(profile=PROFILE, users=ScepUsersSettings(realm='a"b')), "scep.one.users.realm"),
        (ScepSettings(profile=PROFILE, users=ScepUsersSettings(realm="Geräte")), "scep.one.users.realm"),
        (ScepSettings(profile=PROFILE, users=ScepUsersSettings(realm="設備")), "scep.one.users.realm"),
    ],
)
def test_what_does_not_fit_is_told_with_its_key(endpoint: ScepSettings, key: str) -> None:
    """Names, paths and the RA's signer."""
    assert findings(one=endpoint) == [key]


def test_who_asks_somebody_else_does_not_do_so_on_the_reactor() -> None:
    """Everybody would wait with it."""
    asking = ScepSettings(profile=PROFILE, challenge=ScepChallengeSettings(policy="webhook"))
    for mode, keys in (("reactor", ["execution.mode"]), ("auto", []), ("threads", [])):
        settings = Settings(
            file=Path("emca.toml"),
            scep={"one": asking},
            software={"software": SoftwareSignerSettings()},
            execution=ExecutionSettings(mode=mode),
        )
        assert [key for key, _ in check_scep(settings)] == keys


def test_two_endpoints_have_two_paths() -> None:
    """Both names are told."""
    assert findings(one=ScepSettings(profile=PROFILE, paths=("/scep/two",)), two=FINE) == ["scep.two.paths"]


def test_an_ra_needs_keys() -> None:
    """In a file or in a token."""
    assert findings(software=False, one=FINE) == ["scep.one.ra_signer"]
    token = Pkcs11SignerSettings(module=Path("/hsm.so"), token_label="ca", pin_file=Path("/pin"))
    for endpoint in (FINE, ScepSettings(profile=PROFILE, ra_signer="token")):
        settings = Settings(file=Path("emca.toml"), scep={"one": endpoint}, pkcs11={"token": token})
        assert list(check_scep(settings)) == []
