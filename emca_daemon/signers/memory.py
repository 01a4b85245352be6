"""Keys that live in this process alone and end with it: for servers of a test run."""

from collections.abc import Callable, Sequence
from threading import Lock

from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import KeyName
from emca_daemon.signers import algorithms, labels


class MemoryKeys:
    """The keys of one process; `signer` is the prefix of their names."""

    def __init__(self, signer: str) -> None:
        self._signer = signer
        self._keys: dict[KeyName, CertificateIssuerPrivateKeyTypes] = {}
        self._adding = Lock()

    def get(self, name: KeyName) -> CertificateIssuerPrivateKeyTypes:
        """The key; raises Refused(NOT_FOUND)."""
        try:
            return self._keys[name]
        except KeyError:
            raise Refused(Reason.NOT_FOUND, f"the signer {self._signer!r} has no key {name[:100]!r}") from None

    def generate(self, name: KeyName, algorithm: str, *, decrypts: bool = False) -> CertificateIssuerPrivateKeyTypes:
        """Make a key; raises Refused(WRONG_STATE) if the name is taken."""
        algorithms.check_purpose(algorithm, decrypts)
        return self._add(name, lambda: algorithms.generate(algorithm))

    def import_key(self, name: KeyName, key: CertificateIssuerPrivateKeyTypes) -> None:
        """Take a key in; raises Refused(WRONG_STATE) if the name is taken, Refused(ALGORITHM_REFUSED) for its kind."""
        algorithms.algorithm_of(key.public_key())
        self._add(name, lambda: key)

    def list(self) -> Sequence[tuple[KeyName, str]]:
        """Every key with its algorithm."""
        return [(name, algorithms.algorithm_of(key.public_key())) for name, key in self._keys.items()]

    def check_decrypting(self) -> str:
        """Nothing: every RSA key here decrypts."""
        return ""

    def check(self) -> str:
        """Nothing can keep it from working."""
        return ""

    def _add(
        self, name: KeyName, make: Callable[[], CertificateIssuerPrivateKeyTypes]
    ) -> CertificateIssuerPrivateKeyTypes:
        """Make a key and keep it; of several threads that want one name one gets it."""
        signer, label = labels.split(name)
        labels.check_new(label)
        if signer != self._signer:
            raise Refused(Reason.NOT_FOUND, f"the signer {self._signer!r} has no place for {name[:100]!r}")
        with self._adding:
            if name in self._keys:
                raise Refused(Reason.WRONG_STATE, f"the signer {self._signer!r} already has a key {label!r}")
            self._keys[name] = make()
        return self._keys[name]
