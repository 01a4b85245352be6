"""Who CMP's clients are: reference values with their secrets, and devices, from files that may change at any time."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509

from emca_daemon.asn1.names import name_to_subject
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType, Subject
from emca_daemon.protocols.cmp.ports import Registration, SharedSecret

_LARGEST = 16_777_216
"""The octets that such a file may have."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One table of a file."""

    secret: bytes = field(repr=False)
    registration: Registration


class _File:
    """A TOML file, read again when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[tuple[int, int, int], Mapping[str, _Entry]] | None = None

    def entry(self, name: str) -> _Entry | None:
        """What the file says of somebody; raises Refused(UNAVAILABLE) where it cannot be used."""
        try:
            status = self._path.stat()
            version = (status.st_mtime_ns, status.st_size, status.st_ino)
            if self._read is None or self._read[0] != version:
                self._read = (version, self._entries(self._path.read_bytes()))
        except (OSError, ValueError) as error:
            raise Refused(Reason.UNAVAILABLE, f"{self._path.name} cannot be used") from error
        return self._read[1].get(name)

    def _entries(self, content: bytes) -> dict[str, _Entry]:
        if len(content) > _LARGEST:
            raise ValueError("the file is too large")
        return {name: _entry(table) for name, table in tomllib.loads(content.decode()).items()}


class FileRegistry:
    """Fulfils `protocols.cmp.ports.Registry` from the files in an endpoint's settings."""

    def __init__(self, secrets: Path | None, devices: Path | None) -> None:
        self._secrets = None if secrets is None else _File(secrets)
        self._devices = None if devices is None else _File(devices)

    def secret(self, reference: bytes) -> SharedSecret | None:
        """The secret of a reference value; raises Refused(UNAVAILABLE)."""
        try:
            name = reference.decode()
        except UnicodeDecodeError:
            return None
        entry = None if self._secrets is None else self._secrets.entry(name)
        return None if entry is None or not entry.secret else SharedSecret(name, entry.secret, entry.registration)

    def device(self, identifiers: Sequence[str]) -> Registration | None:
        """The first of the identifiers that is registered; raises Refused(UNAVAILABLE)."""
        if self._devices is None:
            return None
        found = (self._devices.entry(identifier) for identifier in identifiers)
        return next((entry.registration for entry in found if entry is not None), None)


def _entry(table: object) -> _Entry:
    """`"SECRET"` alone, or a table with `secret`, `subject` (RFC 4514) and `names`; raises ValueError."""
    if isinstance(table, str):
        return _Entry(table.encode(), Registration())
    if not isinstance(table, dict) or not set(table) <= {"secret", "subject", "names"}:
        raise ValueError("expected a secret, or a table with `secret`, `subject` and `names`")
    secret, subject, names = table.get("secret", ""), table.get("subject"), table.get("names")
    if not isinstance(secret, str) or not isinstance(subject, str | None) or not isinstance(names, list | None):
        raise ValueError("expected texts")  # noqa: TRY004 - what is wrong in a file is one thing
    return _Entry(secret.encode(), Registration(_subject(subject), _names(names)))


def _subject(text: str | None) -> Subject | None:
    return None if text is None else name_to_subject(x509.Name.from_rfc4514_string(text))


def _names(texts: Sequence[object] | None) -> frozenset[AlternativeName] | None:
    """`dns:NAME`, `ip:ADDRESS` ... as policy writes them."""
    if texts is None:
        return None
    found = set()
    for text in texts:
        kind, colon, value = str(text).partition(":")
        if not colon:
            raise ValueError("expected names such as dns:host.example")
        found.add(AlternativeName(NameType(kind), value))
    return frozenset(found)
