"""Cross-checks of CMP endpoints."""

from dataclasses import replace
from pathlib import Path

import pytest

from emca_daemon.names import IssuerName, KeyName, ProfileName
from emca_daemon.settings.checking_cmp import check_cmp
from emca_daemon.settings.cmp import CmpSettings
from emca_daemon.settings.model import Settings, SoftwareSignerSettings

PLAIN = CmpSettings(profile=ProfileName("machine"), issuer=IssuerName("issuing"))
WHOLE = Settings(file=Path("emca.toml"), software={"software": SoftwareSignerSettings()})


def found(**endpoints: CmpSettings) -> list[str]:
    """The keys that are wrong."""
    return [key for key, _ in check_cmp(replace(WHOLE, cmp=endpoints))]


def test_what_is_right() -> None:
    """Nothing is said."""
    assert found(main=PLAIN) == []
    assert found(main=replace(PLAIN, signer_key=KeyName("software:cmp"))) == []


@pytest.mark.parametrize(
    ("chosen", "key"),
    [
        (replace(PLAIN, paths=("/cmp/",)), "cmp.main.paths"),
        (replace(PLAIN, paths=("/cmp", "/cmp")), "cmp.main.paths"),
        (replace(PLAIN, profile=ProfileName("a b")), "cmp.main.profile"),
        (replace(PLAIN, issuer=IssuerName("")), "cmp.main.issuer"),
        (replace(PLAIN, profiles={"x": ProfileName("/")}), "cmp.main.profiles.x"),
        (replace(PLAIN, key_generation_key=KeyName("nobody:kga")), "cmp.main.key_generation_key"),
        (replace(PLAIN, cross_profile=ProfileName("/a")), "cmp.main.cross_profile"),
        (replace(PLAIN, cross_issuer=IssuerName("/a")), "cmp.main.cross_issuer"),
        (replace(PLAIN, signer_key=KeyName("nobody:cmp")), "cmp.main.signer_key"),
        (replace(PLAIN, signer_key=KeyName("software")), "cmp.main.signer_key"),
    ],
)
def test_what_is_wrong(chosen: CmpSettings, key: str) -> None:
    """Each with its key."""
    assert found(main=chosen) == [key]


def test_a_path_is_one_endpoints() -> None:
    """The second is told."""
    assert found(one=PLAIN, two=PLAIN) == ["cmp.two.paths"]
