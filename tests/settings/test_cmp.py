"""The settings of CMP."""

from dataclasses import replace
from pathlib import Path

import pytest

from emca_daemon.names import IssuerName, ProfileName
from emca_daemon.settings.cmp import OPERATIONS, CmpSettings

PLAIN = CmpSettings(profile=ProfileName("machine"), issuer=IssuerName("issuing"))


def test_profiles_by_label() -> None:
    """The endpoint's own by its name, the others by their labels."""
    chosen = replace(PLAIN, profiles={"fast": ProfileName("quick")})
    assert chosen.profile_named("fast") == "quick"
    assert chosen.profile_named("machine") == "machine"
    assert chosen.profile_named("quick") is None
    assert chosen.every_profile == {"machine", "quick"}
    assert list(PLAIN.contradictions()) == []
    assert OPERATIONS["initialization"] == OPERATIONS["ir"] == "ir"


@pytest.mark.parametrize(
    ("chosen", "keys"),
    [
        (replace(PLAIN, accept=("secret",)), ["secrets"]),
        (replace(PLAIN, accept=("vendor",)), ["devices", "vendor_authorities"]),
        (replace(PLAIN, accept=("secret",), secrets=Path("s")), []),
        (replace(PLAIN, profiles={"ir": ProfileName("a")}), ["profiles.ir"]),
        (replace(PLAIN, root_update=(Path("a"),) * 4), ["root_update"]),
    ],
)
def test_what_does_not_fit(chosen: CmpSettings, keys: list[str]) -> None:
    """Each with its key."""
    assert [key for key, _ in chosen.contradictions()] == keys
