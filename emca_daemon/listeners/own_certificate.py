"""The daemon's own TLS certificates: issued by its own CA, written to files, renewed before they end."""

import os
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from emca_daemon.ca.enrollment import Enrollment, Issued
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.policy.facts import Requester, RequestFacts
from emca_daemon.policy.keys import key_facts
from emca_daemon.settings.model import TlsSettings

_SHARE_OF_LIFE = 2 / 3
"""How much of a certificate's life may pass before the next one is issued."""


def renew_own_certificate(settings: TlsSettings, enrollment: Enrollment, requester: Requester, clock: Clock) -> bool:
    """Issue the listener's certificate if it is missing, does not fit the settings or nears its end.

    True when the files were written anew; a new certificate always comes with a new key. Raises Refused.
    """
    if settings.issuer is None or settings.profile is None:
        return False
    names = tuple(_name(text) for text in settings.names)
    if _is_good(settings, names, clock()):
        return False
    key = ec.generate_private_key(ec.SECP256R1())
    facts = RequestFacts(requester, (), names, key_facts(key.public_key()))
    outcome = enrollment.enroll(facts, settings.profile, issuer=settings.issuer, approver=requester.identity)
    if not isinstance(outcome, Issued):
        raise Refused(Reason.INTERNAL, "the daemon's own certificate was asked to wait for a person")
    chain = [x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in outcome.chain]
    write_private(settings.key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    write_private(settings.certificate, b"".join(chain))
    return True


def write_private(path: Path, content: bytes) -> None:
    """Replace a file at once, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _name(text: str) -> AlternativeName:
    try:
        return AlternativeName(NameType.IP, ip_address(text).compressed)
    except ValueError:
        return AlternativeName(NameType.DNS, text.lower())


def _is_good(settings: TlsSettings, names: tuple[AlternativeName, ...], now: datetime) -> bool:
    """Whether both files are there and belong together: a crash may have come between the writing of the two."""
    try:
        certificate = x509.load_pem_x509_certificate(settings.certificate.read_bytes())
        if load_pem_private_key(settings.key.read_bytes(), None).public_key() != certificate.public_key():
            return False
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm, x509.ExtensionNotFound):
        return False
    present = {str(value) for value in found.get_values_for_type(x509.DNSName)}
    present |= {str(value) for value in found.get_values_for_type(x509.IPAddress)}
    starts, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return present == {name.value for name in names} and starts <= now < starts + (ends - starts) * _SHARE_OF_LIFE
