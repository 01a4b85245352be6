"""Which signer a key is in: the part of its name before the colon says it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

from emca_daemon.ca.ports import Keys
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import KeyName
from emca_daemon.randomness import RandomBytes, system_random
from emca_daemon.settings.model import Pkcs11SignerSettings, SoftwareSignerSettings
from emca_daemon.signers import labels
from emca_daemon.signers.software import SoftwareKeys


class Signer(Keys, Protocol):
    """One place with keys, which can say whether it works."""

    def check(self) -> str:
        """What keeps the signer from working; empty when nothing does."""

    def check_decrypting(self) -> str:
        """What keeps its RSA keys from decrypting; empty when nothing does, and while it cannot be asked."""


class ChosenKeys:
    """The keys of every configured signer, several tokens at once; fulfils `ca.ports.Keys`."""

    def __init__(self, signers: Mapping[str, Signer], waits: bool = False) -> None:
        """`signers` by the prefix of their keys' names; `waits` says that a use of some key may wait for a device."""
        self._signers = dict(signers)
        self._waits = waits

    @property
    def waits(self) -> bool:
        """Whether a signature may wait for a device, so that it should not be made on the reactor."""
        return self._waits

    def get(self, name: KeyName) -> CertificateIssuerPrivateKeyTypes:
        """The key; raises Refused(NOT_FOUND) or Refused(UNAVAILABLE)."""
        return self._signer(name).get(name)

    def generate(self, name: KeyName, algorithm: str, *, decrypts: bool = False) -> CertificateIssuerPrivateKeyTypes:
        """Make a key; raises Refused(WRONG_STATE) if the name is taken, Refused(ALGORITHM_REFUSED) if it cannot."""
        return self._signer(name).generate(name, algorithm, decrypts=decrypts)

    def import_key(self, name: KeyName, key: CertificateIssuerPrivateKeyTypes) -> None:
        """Take a key in; raises Refused(NOT_PERMITTED) where the signer does not allow it."""
        self._signer(name).import_key(name, key)

    def list(self) -> Sequence[tuple[KeyName, str]]:
        """Every key of every signer; raises Refused(UNAVAILABLE) when one of them cannot be asked."""
        return [row for signer in self._signers.values() for row in signer.list()]

    def check(self) -> Sequence[tuple[str, str]]:
        """Every signer's name with what keeps it from working, an empty text when nothing does."""
        return [(name, signer.check()) for name, signer in self._signers.items()]

    def check_decrypting(self, signer: str) -> str:
        """What keeps a signer's RSA keys from decrypting; empty when nothing does, and while it cannot be asked."""
        return self._named(signer).check_decrypting()

    def _signer(self, name: KeyName) -> Signer:
        """The signer that a key's name begins with; raises Refused(NOT_FOUND)."""
        return self._named(labels.split(name)[0])

    def _named(self, prefix: str) -> Signer:
        """The signer of that name; raises Refused(NOT_FOUND)."""
        if prefix not in self._signers:
            known = ", ".join(self._signers) or "none"
            raise Refused(Reason.NOT_FOUND, f"no signer is called {prefix[:100]!r} (configured: {known})")
        return self._signers[prefix]


def open_keys(
    software: Mapping[str, SoftwareSignerSettings],
    pkcs11: Mapping[str, Pkcs11SignerSettings],
    random: RandomBytes = system_random,
) -> ChosenKeys:
    """The configured signers; nothing is opened until a key is asked for, so that processes may fork first."""
    signers: dict[str, Signer] = {
        name: SoftwareKeys(name, one.directory, one.passphrase_file, random) for name, one in software.items()
    }
    if pkcs11:
        from emca_daemon.signers.tokens import token_keys

        signers.update(token_keys(pkcs11, random))
    return ChosenKeys(signers, waits=bool(pkcs11))
