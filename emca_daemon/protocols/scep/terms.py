"""What a new challenge is good for, and how people and programs write that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from cryptography import x509

from emca_daemon.asn1.attributes import BY_OID
from emca_daemon.asn1.names import name_to_subject, written_name
from emca_daemon.durations import parse_duration
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, Subject

MOST_NAMES: Final = 100
_SPELLED_OUT: Final = {kind.name: x509.ObjectIdentifier(kind.oid) for kind in BY_OID.values()}
"""Attribute types that RFC 4514 gives no short name to: `serialNumber` for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a new challenge is good for: `lifetime` None for the endpoint's, `subject` and `names` None for any."""

    lifetime: timedelta | None = None
    uses: int = 1
    subject: Subject | None = None
    names: frozenset[AlternativeName] | None = None
    note: str = ""


def read_lifetime(text: str | None) -> timedelta | None:
    """A duration such as `30d`; raises Refused(MALFORMED)."""
    try:
        return None if text is None else parse_duration(text)
    except ValueError:
        raise Refused(Reason.MALFORMED, f'`{text}` is not a duration such as "30d"') from None


def read_subject(text: str | None) -> Subject | None:
    """A subject as RFC 4514 writes it, `CN=x,O=y`, empty for one without attributes; raises Refused(MALFORMED)."""
    try:
        return None if text is None else name_to_subject(x509.Name.from_rfc4514_string(text, _SPELLED_OUT))
    except ValueError:
        raise Refused(Reason.MALFORMED, f'`{text}` is not a subject such as "CN=device-1,O=Example"') from None


def read_names(texts: Sequence[str]) -> frozenset[AlternativeName]:
    """Names written `dns:host.example`, `ip:192.0.2.1`, `email:`, `uri:`, `upn:` ...; raises Refused(MALFORMED)."""
    if len(texts) > MOST_NAMES:
        raise Refused(Reason.MALFORMED, f"expected {MOST_NAMES} names at the most")
    return frozenset(map(_read_name, texts))


def _read_name(text: str) -> AlternativeName:
    """In the canonical text of the facts that it will be compared with."""
    try:
        return written_name(text)
    except ValueError:
        raise Refused(Reason.MALFORMED, f"`{text}` is not a name such as dns:host.example") from None
