"""The settings of an ACME endpoint about devices that attest their keys (`[acme.NAME.attestation]`)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOTS: Final = {"apple": "apple_roots", "android-key": "android_roots", "step": "step_roots", "tpm": "tpm_roots"}
"""For each format of attestation the setting with its roots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcmeAttestationSettings:
    """PEM files with the roots by which attestations are trusted, format by format; a format without any is refused."""

    apple_roots: tuple[Path, ...] = ()
    """Apple's: phones, tablets and computers, by serial number or UDID."""
    android_roots: tuple[Path, ...] = ()
    """Android's hardware-backed keystores, by serial number."""
    step_roots: tuple[Path, ...] = ()
    """Of security keys as the `step` command shows them, by serial number."""
    tpm_roots: tuple[Path, ...] = ()
    """Of those who certify the attestation keys of TPMs."""

    def of(self, attestation: str) -> tuple[Path, ...]:
        """The files of one format."""
        found: tuple[Path, ...] = getattr(self, ROOTS[attestation])
        return found

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats that are accepted."""
        return tuple(name for name in ROOTS if self.of(name))
