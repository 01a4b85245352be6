"""An attestation object (WebAuthn 6.5.4) as it is read, and what comes of one that is trusted."""

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from emca_daemon.asn1.cbor import Value, read_cbor
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem

MOST_CERTIFICATES = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """What an attestation must be bound to: the challenge's token, and the key authorization."""

    token: str
    key_authorization: str


@dataclass(frozen=True, slots=True)
class Attested:
    """What a statement says: the key, the device's serial numbers and the like, and whole names of it."""

    key: CertificatePublicKeyTypes
    serials: frozenset[str] = frozenset()
    names: frozenset[AlternativeName] = frozenset()


@dataclass(frozen=True, slots=True)
class Statement:
    """An attestation object: its format and its members. `authData` is not used, and not looked at."""

    format: str
    members: Mapping[str, Value]

    def octets(self, name: str) -> bytes:
        """A member that is octets; raises badAttestationStatement."""
        value = self.members.get(name)
        if not isinstance(value, bytes) or not value:
            raise bad_statement(f"the attestation lacks `{name}`")
        return value

    @property
    def certificates(self) -> list[bytes]:
        """The certificates in `x5c`, the attested or attesting one first; raises badAttestationStatement."""
        value = self.members.get("x5c")
        found = [one for one in value if isinstance(one, bytes)] if isinstance(value, list) else []
        if not isinstance(value, list) or not 0 < len(found) == len(value) <= MOST_CERTIFICATES:
            raise bad_statement(f"the attestation's `x5c` is not a list of up to {MOST_CERTIFICATES} certificates")
        return found


def bad_statement(detail: str) -> AcmeRefusal:
    """The attestation is not accepted."""
    return AcmeRefusal(Problem("badAttestationStatement", detail), reason=Reason.NOT_PERMITTED)


def read_statement(data: bytes) -> Statement:
    """Read an attestation object; raises badAttestationStatement."""
    try:
        found = read_cbor(data)
    except Refused as refused:
        raise bad_statement(f"the attestation object cannot be read: {refused.detail}") from None
    if isinstance(found, dict):
        kind, members = found.get("fmt"), found.get("attStmt")
        if isinstance(kind, str) and isinstance(members, dict):
            return Statement(kind, members)
    raise bad_statement("the attestation object lacks `fmt` or `attStmt`")
