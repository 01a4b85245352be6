"""Whether an attestation proves a device's name (draft-ietf-acme-device-attest 5); nothing is fetched."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509

from emca_daemon.asn1.unreadable import UNREADABLE
from emca_daemon.names import AlternativeName
from emca_daemon.policy.keys import key_fingerprint
from emca_daemon.protocols.acme.attestation.android import android_key
from emca_daemon.protocols.acme.attestation.apple import apple
from emca_daemon.protocols.acme.attestation.paths import trusted_leaf
from emca_daemon.protocols.acme.attestation.statements import Asked, Attested, Statement, bad_statement, read_statement
from emca_daemon.protocols.acme.attestation.step import step
from emca_daemon.protocols.acme.attestation.tpm import tpm
from emca_daemon.protocols.acme.device_names import permanent_identifier

Roots = Mapping[str, Sequence[x509.Certificate]]
"""The roots that are trusted, by format."""

_FORMATS: Final[Mapping[str, Callable[[Statement, x509.Certificate, Asked], Attested]]] = {
    "android-key": android_key,
    "apple": apple,
    "step": step,
    "tpm": tpm,
}


@dataclass(frozen=True, slots=True)
class Attestation:
    """What proved a device's name: the format, and SHA-256 over the attested key's SubjectPublicKeyInfo."""

    format: str
    key_fingerprint: bytes


def judge(data: bytes, roots: Roots, asked: Asked, name: AlternativeName, now: datetime) -> Attestation:
    """Judge an attestation object about a device; raises badAttestationStatement for everything that is not right."""
    statement = read_statement(data)
    anchors = roots.get(statement.format, ())
    if not anchors:
        raise bad_statement(f"attestations of the format `{statement.format[:40]}` are not accepted")
    leaf = trusted_leaf(statement.certificates, anchors, now)
    try:
        attested = _FORMATS[statement.format](statement, leaf, asked)
        fingerprint = key_fingerprint(attested.key)
    except UNREADABLE:
        raise bad_statement("the attestation's certificate cannot be read") from None
    if name not in attested.names and name not in map(permanent_identifier, attested.serials):
        raise bad_statement("the attestation is about another device than the identifier")
    return Attestation(statement.format, fingerprint)
