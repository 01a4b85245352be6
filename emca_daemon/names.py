"""Names of the day: small types that keep one kind of text apart from another."""

from dataclasses import dataclass, field
from enum import Enum
from typing import NewType

IssuerName = NewType("IssuerName", str)
"""The label of an issuer (a CA), for instance `demo-issuing`."""

ProfileName = NewType("ProfileName", str)
"""The name of a certificate profile: its file's name without `.toml`."""

KeyName = NewType("KeyName", str)
"""Where a private key lives: `SIGNER:LABEL`, for instance `software:demo-issuing`."""

SerialNumber = NewType("SerialNumber", int)
"""A certificate's serial number: positive, at most 20 octets (RFC 5280 4.1.2.2)."""


class NameType(Enum):
    """The kinds of subject alternative name that policy knows (RFC 5280 4.2.1.6)."""

    DNS = "dns"
    IP = "ip"
    EMAIL = "email"
    URI = "uri"
    UPN = "upn"
    REGISTERED_ID = "registered-id"
    DIRECTORY = "directory"
    OTHER = "other"
    TN_AUTH_LIST = "TNAuthList"
    """No alternative name but an extension of its own (RFC 8226), ordered and proved as names are (RFC 9448)."""


@dataclass(frozen=True, slots=True)
class AlternativeName:
    """One subject alternative name in canonical text.

    DNS lower-case A-labels; IP as RFC 5952 writes it; e-mail with a lower-case domain; directory names as RFC 4514;
    registered ids dotted; OTHER as `OID:hex of the DER value`; TN_AUTH_LIST its DER in base64url.
    """

    type: NameType
    value: str

    def __str__(self) -> str:
        """`type:value`."""
        return f"{self.type.value}:{self.value}"


@dataclass(frozen=True, slots=True)
class SubjectAttribute:
    """One attribute of a distinguished name: dotted OID and text.

    `joined` says that it is in the relative name of the one before; two names that differ in that alone are equal.
    """

    oid: str
    value: str
    joined: bool = field(default=False, compare=False)


Subject = tuple[SubjectAttribute, ...]
"""A distinguished name, in encoding order."""


def serial_text(serial: int) -> str:
    """A serial number as people compare it: lower-case hexadecimal, whole octets."""
    text = f"{serial:x}"
    return text if len(text) % 2 == 0 else "0" + text
