"""`tpm`: keys of a TPM 2.0, certified by its attestation key (WebAuthn 8.3, TPM 2.0 library part 2)."""

from hashlib import sha256
from hmac import compare_digest
from typing import Final

from cryptography import x509
from cryptography.x509.oid import ObjectIdentifier

from emca_daemon.asn1.names import alternative_name
from emca_daemon.asn1.unreadable import UNREADABLE
from emca_daemon.errors import Refused
from emca_daemon.names import AlternativeName
from emca_daemon.protocols.acme.attestation.paths import public_key
from emca_daemon.protocols.acme.attestation.signatures import check_signature
from emca_daemon.protocols.acme.attestation.statements import Asked, Attested, Statement, bad_statement
from emca_daemon.protocols.acme.attestation.tpm_structures import read_certified, read_public, read_signature
from emca_daemon.protocols.acme.device_names import device_identifier, is_device

AIK_PURPOSE: Final = "2.23.133.8.3"
_TPM_ATTRIBUTES: Final = frozenset({"2.23.133.2.1", "2.23.133.2.2", "2.23.133.2.3"})
"""Manufacturer, model and version (TPM 2.0 EK profile 3.2.9)."""
_KEPT_INSIDE: Final = 0x02 | 0x10 | 0x20
"""fixedTPM, fixedParent, sensitiveDataOrigin: made by the TPM and never to leave it."""


def tpm(statement: Statement, leaf: x509.Certificate, asked: Asked) -> Attested:
    """The names in the attestation key's certificate; `certInfo` is about the key in `pubArea` and this challenge."""
    if statement.members.get("ver") != "2.0":
        raise bad_statement("only TPM 2.0 is supported")
    names = _names(leaf)
    info, area = statement.octets("certInfo"), statement.octets("pubArea")
    signature = read_signature(statement.octets("sig"))
    check_signature(public_key(leaf), signature.value, info, signature.hash, pss=signature.pss)
    certified, public = read_certified(info), read_public(area)
    if not compare_digest(certified.extra_data, sha256(asked.key_authorization.encode()).digest()):
        raise bad_statement("the attestation was not made for this challenge")
    if not compare_digest(certified.name, public.name):
        raise bad_statement("the attestation is about another key than it shows")
    if public.attributes & _KEPT_INSIDE != _KEPT_INSIDE:
        raise bad_statement("the key was not made by the TPM, or may leave it")
    permanent = (device_identifier(name) for name in names)
    serials = {one[1].partition("/")[0] for one in permanent if one is not None and one[0] == "permanent-identifier"}
    return Attested(public.key, frozenset(serials), names)


def _names(leaf: x509.Certificate) -> frozenset[AlternativeName]:
    """The device's names in an attestation key's certificate, which must be one (WebAuthn 8.3.1)."""
    try:
        extensions = leaf.extensions
        purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        constraints = extensions.get_extension_for_class(x509.BasicConstraints).value
        alternatives = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, *UNREADABLE):
        raise _no_attestation_key() from None
    about = {one.oid.dotted_string for name in alternatives.get_values_for_type(x509.DirectoryName) for one in name}
    if list(leaf.subject) or constraints.ca or ObjectIdentifier(AIK_PURPOSE) not in purposes or _TPM_ATTRIBUTES - about:
        raise _no_attestation_key()
    try:
        others = [alternative_name(one) for one in alternatives if isinstance(one, x509.OtherName)]
    except Refused:
        raise _no_attestation_key() from None
    return frozenset(name for name in others if is_device(name))


def _no_attestation_key() -> Refused:
    return bad_statement("the attestation's certificate is not that of a TPM's attestation key")
