"""The CA put together from settings."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from emca_daemon.composition.core import open_core, publication, read_weak_keys
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, IssuerName, NameType
from emca_daemon.policy.keys import key_fingerprint
from emca_daemon.settings.checking import load_settings
from tests.support.cli_world import new_folder


def test_settings_become_a_ca(tmp_path: Path) -> None:
    """Store, keys and profiles are those of the settings; addresses carry the issuer's name."""
    file = new_folder(tmp_path).config
    file.write_text(file.read_text() + 'alternative_names = ["email:ca@example.com"]\n')
    settings = load_settings(file)
    core = open_core(settings)
    assert "tls-server" in core.profiles
    assert core.keys.check() == [("software", "")]
    assert publication(settings, IssuerName("x")).crl_urls == ("http://localhost:8080/crl/x.crl",)
    names = publication(settings, IssuerName("x")).alternative_names
    assert names == (AlternativeName(NameType.EMAIL, "ca@example.com"),)
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


def test_weak_keys_come_from_a_file(tmp_path: Path) -> None:
    """A key on the list is weak, another is not; a broken list is refused."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    fingerprint = key_fingerprint(key)
    file = tmp_path / "weak"
    file.write_text(f"{fingerprint.hex()}  # leaked\n")
    assert read_weak_keys(file).weaknesses(key, fingerprint)
    assert not read_weak_keys(None).weaknesses(key, fingerprint)
    file.write_text("nonsense")
    with pytest.raises(Refused):
        read_weak_keys(file)
