"""What holds of every certificate we sign, whatever its profile says: our own linter, run every time.

Two questions: is what was built exactly what was approved, and does it hang together as RFC 5280 wants?
"""

from collections.abc import Iterator
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from emca_daemon.asn1 import der
from emca_daemon.errors import Mismatch, Reason
from emca_daemon.names import NameType
from emca_daemon.policy.lint_names import (
    alternative_name_faults,
    constraint_faults,
    is_address,
    location_faults,
)
from emca_daemon.policy.lint_parts import TbsParts
from emca_daemon.policy.tokens import Approved, CertificateKind, ToBeSigned

_EMPTY_NAME = b"\x30\x00"
_VERSION_3 = b"\x02"
_AUTHORITIES = (CertificateKind.ROOT, CertificateKind.SUB_CA)

_Extensions = dict[x509.ObjectIdentifier, x509.Extension[x509.ExtensionType]]


def breaches(to_be_signed: ToBeSigned, parts: TbsParts) -> tuple[Mismatch, ...]:
    """Every invariant that the certificate breaks; `parts` are those of `to_be_signed.tbs`."""
    approved = to_be_signed.approved
    extensions = {extension.oid: extension for extension in approved.extensions}
    return (
        *_as_approved(to_be_signed, parts),
        *_frame(to_be_signed, parts),
        *_validity(approved, parts),
        *_subject(parts, extensions),
        *_key_identifiers(approved, extensions),
        *_authority(approved, extensions),
        *_purposes(approved, extensions),
        *_common_name(approved, extensions),
        *_names(approved, extensions),
    )


@lru_cache(maxsize=256)
def _oid(dotted: str) -> bytes:
    """An object identifier in DER: the same few over and over."""
    return der.oid(dotted)


def _mismatch(field: str, detail: str) -> Mismatch:
    """One finding."""
    return Mismatch(field, detail, Reason.PROFILE_REFUSED)


def _as_approved(to_be_signed: ToBeSigned, parts: TbsParts) -> Iterator[Mismatch]:
    """Every byte that policy decided on is as it was decided."""
    approved = to_be_signed.approved
    if to_be_signed.specimen.tbs_certificate_bytes != to_be_signed.tbs:
        yield _mismatch("specimen", "the specimen is not the certificate to be signed")
    if parts.subject != approved.subject.public_bytes():
        yield _mismatch("subject", "not the approved subject")
    if parts.key != approved.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo):
        yield _mismatch("public-key", "not the approved public key")
    if parts.not_before.whole != der.time(approved.not_before) or parts.not_after.whole != der.time(approved.not_after):
        yield _mismatch("validity", "not the approved validity, or not encoded as RFC 5280 4.1.2.5 has it")
    built = [extension.whole for extension in parts.extensions]
    decided = [
        der.extension(_oid(extension.oid.dotted_string), extension.value.public_bytes(), critical=extension.critical)
        for extension in approved.extensions
    ]
    if built != decided:
        yield _mismatch("extensions", "not the approved extensions")


def _frame(to_be_signed: ToBeSigned, parts: TbsParts) -> Iterator[Mismatch]:
    """Version, serial number, algorithms, issuer, and each extension once."""
    if parts.version != _VERSION_3:
        yield _mismatch("version", "the version is not 3")
    serial = int.from_bytes(parts.serial, "big", signed=True)
    if serial != to_be_signed.serial:
        yield _mismatch("serial-number", "not the serial number that was drawn")
    if not 64 <= serial.bit_length() <= 159 or serial < 0:
        yield _mismatch("serial-number", "a serial number is positive, of 64 bits at least and 20 octets at most")
    if parts.algorithm != to_be_signed.algorithm:
        yield _mismatch("signature-algorithm", "not the algorithm of the signing key")
    if parts.issuer == _EMPTY_NAME:
        yield _mismatch("issuer", "the issuer's name is empty")
    identifiers = [extension.oid for extension in parts.extensions]
    if len(set(identifiers)) != len(identifiers):
        yield _mismatch("extensions", "an extension occurs twice")


def _validity(approved: Approved, parts: TbsParts) -> Iterator[Mismatch]:
    """The certificate does not end before it starts, and starts and ends on whole seconds."""
    if approved.not_before >= approved.not_after:
        yield _mismatch("validity", "the certificate would end before it starts")
    if approved.not_before.microsecond or approved.not_after.microsecond:
        yield _mismatch("validity", "times in certificates are whole seconds")
    if parts.not_before.content[-1:] != b"Z" or parts.not_after.content[-1:] != b"Z":
        yield _mismatch("validity", "times in certificates are in UTC")


def _subject(parts: TbsParts, extensions: _Extensions) -> Iterator[Mismatch]:
    """An empty subject needs critical alternative names (RFC 5280 4.1.2.6)."""
    if parts.subject == _EMPTY_NAME:
        names = extensions.get(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
        if names is None:
            yield _mismatch("subject", "neither a subject nor an alternative name")
        elif not names.critical:
            yield _mismatch("subject", "without a subject the alternative names must be critical")


def _key_identifiers(approved: Approved, extensions: _Extensions) -> Iterator[Mismatch]:
    """Subject key identifier by RFC 5280 4.2.1.2 method 1; authority key identifier in all but roots."""
    subject = extensions.get(ExtensionOID.SUBJECT_KEY_IDENTIFIER)
    expected = x509.SubjectKeyIdentifier.from_public_key(approved.public_key)
    if subject is None:
        if approved.kind in _AUTHORITIES:
            yield _mismatch("subject-key-identifier", "a CA certificate must have one")
    elif subject.value != expected or subject.critical:
        yield _mismatch("subject-key-identifier", "not SHA-1 of the public key, or critical")
    authority = extensions.get(ExtensionOID.AUTHORITY_KEY_IDENTIFIER)
    if authority is None:
        if approved.issuer is not None:
            yield _mismatch("authority-key-identifier", "missing")
        return
    identifier = getattr(authority.value, "key_identifier", None)
    if not identifier or authority.critical:
        yield _mismatch("authority-key-identifier", "without a key identifier, or critical")
    elif approved.issuer is None and identifier != expected.digest:
        yield _mismatch("authority-key-identifier", "not the key of this self-signed certificate")


def _authority(approved: Approved, extensions: _Extensions) -> Iterator[Mismatch]:
    """Kind, basic constraints and key usage agree on whether this is a CA (RFC 5280 4.2.1.3, 4.2.1.9)."""
    is_authority = approved.kind in _AUTHORITIES
    if (approved.issuer is None) != (approved.kind is CertificateKind.ROOT):
        yield _mismatch("issuer", "a root certificate is self-signed and no other is")
    if is_authority and not approved.subject:
        yield _mismatch("subject", "a CA must have a subject")
    constraints = extensions.get(ExtensionOID.BASIC_CONSTRAINTS)
    basic = constraints.value if constraints is not None else None
    says_authority = isinstance(basic, x509.BasicConstraints) and basic.ca
    if says_authority != is_authority:
        yield _mismatch("basic-constraints", "do not agree with the kind of certificate")
    elif constraints is not None and is_authority and not constraints.critical:
        yield _mismatch("basic-constraints", "must be critical in a CA certificate")
    usage = extensions.get(ExtensionOID.KEY_USAGE)
    may_sign = usage is not None and isinstance(usage.value, x509.KeyUsage) and usage.value.key_cert_sign
    if may_sign != is_authority:
        yield _mismatch("key-usage", "keyCertSign is for CA certificates, and they must have it")


def _purposes(approved: Approved, extensions: _Extensions) -> Iterator[Mismatch]:
    """OCSP signers and time stampers say so in their extended key usage (RFC 6960 4.2.2.2, RFC 3161 2.3)."""
    usage = extensions.get(ExtensionOID.EXTENDED_KEY_USAGE)
    purposes = list(usage.value) if usage is not None and isinstance(usage.value, x509.ExtendedKeyUsage) else []
    if approved.kind is CertificateKind.OCSP_SIGNER and ExtendedKeyUsageOID.OCSP_SIGNING not in purposes:
        yield _mismatch("extended-key-usage", "an OCSP signer must have OCSPSigning")
    if approved.kind is CertificateKind.TSA and (
        purposes != [ExtendedKeyUsageOID.TIME_STAMPING] or usage is None or not usage.critical
    ):
        yield _mismatch("extended-key-usage", "a time stamper has timeStamping alone, and critical")


def _common_name(approved: Approved, extensions: _Extensions) -> Iterator[Mismatch]:
    """A server certificate's common name repeats one of its DNS names, and is no address (BR 7.1.4.3)."""
    usage = extensions.get(ExtensionOID.EXTENDED_KEY_USAGE)
    if usage is None or not isinstance(usage.value, x509.ExtendedKeyUsage):
        return
    if approved.kind is not CertificateKind.END_ENTITY or ExtendedKeyUsageOID.SERVER_AUTH not in usage.value:
        return
    names = {name.value for name in approved.names if name.type is NameType.DNS}
    for attribute in approved.subject.get_attributes_for_oid(NameOID.COMMON_NAME):
        value = str(attribute.value)
        if is_address(value):
            yield _mismatch(f"subject: {value}", "an address is no common name")
        elif value.lower() not in names:
            yield _mismatch(f"subject: {value}", "the common name of a server is not among its DNS names")


def _names(approved: Approved, extensions: _Extensions) -> Iterator[Mismatch]:
    """The alternative names are those approved, and every name and address is well formed."""
    dns: list[str] = []
    for extension in extensions.values():
        value = extension.value
        if isinstance(value, x509.SubjectAlternativeName):
            dns = value.get_values_for_type(x509.DNSName)
            yield from alternative_name_faults(value, "subject-alternative-name")
        elif isinstance(value, x509.IssuerAlternativeName):
            yield from alternative_name_faults(value, "issuer-alternative-name")
        elif isinstance(value, x509.NameConstraints):
            yield from constraint_faults(value)
        else:
            yield from location_faults(value)
    if sorted(dns) != sorted(name.value for name in approved.names if name.type is NameType.DNS):
        yield _mismatch("subject-alternative-name", "its DNS names are not the approved ones")
