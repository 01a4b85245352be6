"""tls-alpn-01: what a server must show in a TLS handshake, and how it is judged (RFC 8737, RFC 8738 6)."""

from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from ipaddress import ip_address

from cryptography import x509

from emca_daemon.asn1.unreadable import UNREADABLE
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.protocols.acme.challenges import FetchFailure, failure_problem
from emca_daemon.protocols.acme.errors import Problem

PROTOCOL = b"acme-tls/1"
ACME_IDENTIFIER = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")
_OCTET_STRING = b"\x04\x20"
"""Tag and length of the extension's value: a SHA-256 digest."""


@dataclass(frozen=True, slots=True)
class TlsAnswer:
    """What a handshake showed: the protocol that the server chose (empty if none) and its certificate in DER."""

    protocol: bytes
    certificate: bytes
    address: str


def server_name(identifier: AlternativeName) -> str:
    """The name that the handshake asks for: of an address the one of its reverse look-up (RFC 8738 6)."""
    return ip_address(identifier.value).reverse_pointer if identifier.type is NameType.IP else identifier.value


def judge_tls_alpn01(
    expected_key_authorization: str, identifier: AlternativeName, answer: TlsAnswer | FetchFailure
) -> Problem | None:
    """None when the handshake proves control (RFC 8737 3)."""
    if isinstance(answer, FetchFailure):
        return failure_problem(answer)
    why = _fault(expected_key_authorization, identifier, answer)
    if why is None:
        return None
    return Problem("unauthorized", f"the TLS server for {identifier.value} at {answer.address} {why}", 403)


def _fault(expected: str, identifier: AlternativeName, answer: TlsAnswer) -> str | None:
    if answer.protocol != PROTOCOL:
        return "does not speak acme-tls/1"
    try:
        extensions = x509.load_der_x509_certificate(answer.certificate).extensions
        names = list(extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
        shown = extensions.get_extension_for_oid(ACME_IDENTIFIER)
    except x509.ExtensionNotFound:
        return "shows a certificate without alternative names or without acmeIdentifier"
    except UNREADABLE:
        return "shows a certificate that cannot be read"
    if not _only(names, identifier):
        return "shows a certificate that is not for this one name"
    value = shown.value.value if isinstance(shown.value, x509.UnrecognizedExtension) else b""
    if not shown.critical:
        return "shows a certificate whose acmeIdentifier is not critical"
    if not compare_digest(value, _OCTET_STRING + sha256(expected.encode()).digest()):
        return "shows a certificate for another key authorization"
    return None


def _only(names: list[x509.GeneralName], identifier: AlternativeName) -> bool:
    """Whether the one alternative name is the identifier."""
    if len(names) != 1:
        return False
    (name,) = names
    if identifier.type is NameType.IP:
        return isinstance(name, x509.IPAddress) and str(name.value) == str(ip_address(identifier.value))
    return isinstance(name, x509.DNSName) and name.value.lower() == identifier.value
