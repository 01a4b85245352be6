"""The settings about attestations."""

from pathlib import Path

from emca_daemon.settings.attestation import ROOTS, AcmeAttestationSettings


def test_a_format_with_roots_is_accepted() -> None:
    """And no other; every format has a setting."""
    settings = AcmeAttestationSettings(apple_roots=(Path("a.pem"),), tpm_roots=(Path("t.pem"),))
    assert settings.formats == ("apple", "tpm")
    assert settings.of("apple") == (Path("a.pem"),)
    assert settings.of("step") == ()
    assert AcmeAttestationSettings().formats == ()
    assert all(AcmeAttestationSettings().of(one) == () for one in ROOTS)
