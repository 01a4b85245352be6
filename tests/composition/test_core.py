"""The CA put together from settings."""

from pathlib import Path

import pytest

from emca_daemon.composition.core import open_core, publication
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName
from emca_daemon.settings.checking import load_settings
from tests.support.cli_world import new_folder


def test_settings_become_a_ca(tmp_path: Path) -> None:
    """Store, keys and profiles are those of the settings; addresses carry the issuer's name."""
    settings = load_settings(new_folder(tmp_path).config)
    core = open_core(settings)
    assert "tls-server" in core.profiles
    assert core.keys.check() == [("software", "")]
    assert publication(settings, IssuerName("x")).crl_urls == ("http://localhost:8080/crl/x.crl",)
    core.store.close()


def test_broken_profiles_are_refused_with_every_problem(tmp_path: Path) -> None:
    """File and key of each."""
    commands = new_folder(tmp_path)
    settings = load_settings(commands.config)
    for name in ("one", "two"):
        (settings.profiles / f"{name}.toml").write_text("colour = 1\n")
    with pytest.raises(Refused) as refused:
        open_core(settings)
    assert refused.value.reason is Reason.MALFORMED
    assert len(refused.value.mismatches) == 2
