"""Keys in this process: a folder of encrypted PKCS #8 files, each decrypted once."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock

from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import KeyName
from emca_daemon.randomness import RandomBytes, system_random
from emca_daemon.settings.secrets import secret_in
from emca_daemon.signers import algorithms, labels, pkcs8

_SUFFIX = ".pem"
_LONGEST_FILE = 65_536


class SoftwareKeys:
    """The keys of one folder; `signer` is the prefix of their names.

    Decrypting holds the interpreter for tens of milliseconds, so that a key once opened is kept. Keys that another
    process adds are found when somebody asks for them; the passphrase is read only when a file is opened or written.
    """

    def __init__(
        self, signer: str, directory: Path, passphrase_file: Path, random: RandomBytes = system_random
    ) -> None:
        """Nothing is read yet: a missing folder is an empty one until the first key is made."""
        self._signer = signer
        self._directory = directory
        self._passphrase_file = passphrase_file
        self._random = random
        self._opened: dict[str, CertificateIssuerPrivateKeyTypes] = {}
        self._opening = Lock()

    def get(self, name: KeyName) -> CertificateIssuerPrivateKeyTypes:
        """The key; raises Refused(NOT_FOUND), or Refused(UNAVAILABLE) when its file cannot be opened."""
        label = self._label(name)
        key = self._opened.get(label)
        if key is not None:
            return key
        with self._opening:  # several threads that want one key decrypt it once
            return self._opened.get(label) or self._open(label)

    def generate(self, name: KeyName, algorithm: str, *, decrypts: bool = False) -> CertificateIssuerPrivateKeyTypes:
        """Make a key and its file; raises Refused(WRONG_STATE) if the name is taken."""
        algorithms.check_purpose(algorithm, decrypts)
        return self._add(name, lambda: algorithms.generate(algorithm))

    def import_key(self, name: KeyName, key: CertificateIssuerPrivateKeyTypes) -> None:
        """Take a key in; raises Refused(WRONG_STATE) if the name is taken, Refused(ALGORITHM_REFUSED) for its kind."""
        algorithms.algorithm_of(key.public_key())
        self._add(name, lambda: key)

    def check_decrypting(self) -> str:
        """Nothing: every RSA key here decrypts."""
        return ""

    def check(self) -> str:
        """What keeps the signer from working, or nothing: the passphrase must be there and open the first key."""
        try:
            secret_in(self._passphrase_file, self._secret)
            for label in self._labels()[:1]:
                self.get(KeyName(f"{self._signer}:{label}"))
        except Refused as refused:
            return refused.detail
        return ""

    @property
    def _secret(self) -> str:
        """How messages call the passphrase."""
        return f"the passphrase of the signer {self._signer!r}"

    def _label(self, name: KeyName) -> str:
        """The label in a name of ours; raises Refused(NOT_FOUND) for what cannot be one."""
        signer, label = labels.split(name)
        if signer != self._signer or not labels.is_plain(label):
            raise Refused(Reason.NOT_FOUND, f"the signer {self._signer!r} has no key {name[:100]!r}")
        return label

    def _labels(self) -> Sequence[str]:
        """The labels in the folder, in order."""
        try:
            names = sorted(path.name for path in self._directory.iterdir() if path.suffix == _SUFFIX)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._unavailable(f"the folder {self._directory} cannot be read: {error.strerror}") from None
        found = [name.removesuffix(_SUFFIX) for name in names]
        return [label for label in found if labels.is_plain(label)]

    def _described(self, label: str) -> str:
        """The algorithm of a key in the folder."""
        try:
            return algorithms.algorithm_of(self.get(KeyName(f"{self._signer}:{label}")).public_key())
        except Refused:
            return "unreadable"

    def _open(self, label: str) -> CertificateIssuerPrivateKeyTypes:
        """Decrypt a file and keep the key."""
        path = self._path(label)
        try:
            with path.open("rb") as file:
                text = file.read(_LONGEST_FILE)
        except FileNotFoundError:
            raise Refused(Reason.NOT_FOUND, f"the signer {self._signer!r} has no key {label!r}") from None
        except OSError as error:
            raise self._unavailable(f"{path} cannot be read: {error.strerror}") from None
        try:
            key = pkcs8.unseal(text, secret_in(self._passphrase_file, self._secret))
        except pkcs8.NotOpened as problem:
            detail = f"{path} was not opened with the passphrase from {self._passphrase_file}: {problem}"
            raise self._unavailable(detail) from None
        self._opened[label] = key
        return key

    def _add(
        self, name: KeyName, make: Callable[[], CertificateIssuerPrivateKeyTypes]
    ) -> CertificateIssuerPrivateKeyTypes:
        """Make a key, write its file and keep it."""
        label = labels.split(name)[1]
        labels.check_new(label)
        path = self._path(self._label(name))
        if path.exists():  # asked before the work of making a key; the link below decides
            raise self._taken(label)
        passphrase = secret_in(self._passphrase_file, self._secret)
        key = make()
        text = pkcs8.seal(key, passphrase, self._random)
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            written = _write_new(path, text, self._random(8).hex())
        except OSError as error:
            raise self._unavailable(f"{path} cannot be written: {error.strerror}") from None
        if not written:
            raise self._taken(label)
        self._opened[label] = key
        return key

    def _path(self, label: str) -> Path:
        """The file of a key."""
        return self._directory / f"{label}{_SUFFIX}"

    def _taken(self, label: str) -> Refused:
        """The refusal of a name that has a key."""
        return Refused(Reason.WRONG_STATE, f"the signer {self._signer!r} already has a key {label!r}")

    def _unavailable(self, detail: str) -> Refused:
        """The refusal that passes once somebody has mended the folder."""
        return Refused(Reason.UNAVAILABLE, f"the signer {self._signer!r}: {detail}")

    def list(self) -> Sequence[tuple[KeyName, str]]:
        """Every key with its algorithm; one whose file does not open is listed as `unreadable`."""
        return [(KeyName(f"{self._signer}:{label}"), self._described(label)) for label in self._labels()]


def _write_new(path: Path, content: bytes, unique: str) -> bool:
    """Write a file whole or not at all, readable by its owner only; False, and no change, where one exists."""
    draft = path.with_name(f".{path.name}.{unique}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # unlike a rename, a link does not replace what another process put there meanwhile
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return True
