"""Every configured PKCS#11 token."""

from pathlib import Path

from emca_daemon.randomness import system_random
from emca_daemon.settings.model import Pkcs11SignerSettings
from emca_daemon.signers.tokens import token_keys


def test_tokens_are_opened_when_a_key_is_asked_for_and_no_sooner() -> None:
    """A library that does not exist is a problem of its signer's check, not of the start."""
    settings = {
        name: Pkcs11SignerSettings(module=Path("/nowhere.so"), token_label=name, pin_file=Path("/no/pin"))
        for name in ("one", "two")
    }
    keys = token_keys(settings, system_random)
    assert list(keys) == ["one", "two"]
    assert all(signer.check() for signer in keys.values())
