"""The certification request of an enrollment: its facts for policy, and the attributes that EST gives meaning to."""

from dataclasses import dataclass, replace
from typing import Final

from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1 import der as write
from emca_daemon.asn1.encoded_names import read_general_names, read_name
from emca_daemon.asn1.names import alternative_name, name_to_subject
from emca_daemon.asn1.pkcs10 import load_request
from emca_daemon.asn1.values import content_parts, encoded, object_identifier, sequence_parts
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, Subject
from emca_daemon.policy.csr import read_csr, with_common_name_among_names
from emca_daemon.policy.facts import Requester, RequestFacts
from emca_daemon.policy.weak_keys import WeakKeys

CHALLENGE_PASSWORD: Final = "1.2.840.113549.1.9.7"  # noqa: S105 - an OID
CHANGE_SUBJECT_NAME: Final = "1.3.6.1.5.5.7.7.36"
DECRYPT_KEY_IDENTIFIER: Final = "1.2.840.113549.1.9.16.2.37"
ASYMMETRIC_DECRYPT_KEY_IDENTIFIER: Final = "1.2.840.113549.1.9.16.2.54"
SMIME_CAPABILITIES: Final = "1.2.840.113549.1.9.15"

ISSUERS_OWN: Final = frozenset({"2.5.29.14", "2.5.29.31", "2.5.29.35", "2.5.29.46", "1.3.6.1.5.5.7.1.1"})
"""Key identifiers and addresses, which the issuer alone writes: clients that copy their old certificate send them."""

_UNDERSTOOD: Final = frozenset(
    {
        CHALLENGE_PASSWORD,
        CHANGE_SUBJECT_NAME,
        DECRYPT_KEY_IDENTIFIER,
        ASYMMETRIC_DECRYPT_KEY_IDENTIFIER,
        SMIME_CAPABILITIES,
    }
)
_TEXT_TAGS: Final = {
    b"\x0c": "utf-8",
    b"\x13": "ascii",
    b"\x14": "latin-1",
    b"\x16": "ascii",
    b"\x1c": "utf-32-be",
    b"\x1e": "utf-16-be",
}


@dataclass(frozen=True, slots=True)
class NewNames:
    """What ChangeSubjectName asks for (RFC 6402 2.8); None for what stays as it is."""

    subject: Subject | None
    names: tuple[AlternativeName, ...] | None


@dataclass(frozen=True, slots=True)
class EnrollmentRequest:
    """A request, read and its signature verified.

    `challenge` is the challenge password (None: there is none); `attributes` are the contents of the first value of
    each attribute, by OID.
    """

    der: bytes
    facts: RequestFacts
    challenge: str | None
    attributes: dict[str, bytes]


def read_request(
    der: bytes, requester: Requester, weak_keys: WeakKeys, *, needs_names: bool = False
) -> EnrollmentRequest:
    """The request in DER; with `needs_names` a common name stands in for alternative names that are not there.

    Raises Refused as `read_csr` does.
    """
    facts = read_csr(der, requester, weak_keys)
    extensions = tuple(one for one in facts.extensions if one.oid not in ISSUERS_OWN)
    if needs_names and not facts.names:
        facts = with_common_name_among_names(facts)
    values = _attribute_values(der)
    attributes = {oid: bytes(of_one[0].data) for oid, of_one in values.items()}
    challenge = _text(values[CHALLENGE_PASSWORD][0]) if CHALLENGE_PASSWORD in values else None
    return EnrollmentRequest(der, replace(facts, extensions=extensions), challenge, attributes)


def _attribute_values(csr: bytes) -> dict[str, list[asn1.TLV]]:
    """The values of each attribute, by OID; those that mean something here have one (raises Refused(MALFORMED))."""
    whole = sequence_parts(load_request(csr).public_bytes(Encoding.DER), "CertificationRequest")
    info = sequence_parts(encoded(whole[0]), "CertificationRequestInfo")
    values: dict[str, list[asn1.TLV]] = {}
    for attribute in content_parts(bytes(info[3].data), "Attributes") if len(info) > 3 else ():
        fields = sequence_parts(encoded(attribute), "Attribute")
        if len(fields) != 2:
            raise Refused(Reason.MALFORMED, "not an Attribute in DER")
        oid = object_identifier(fields[0])
        found = content_parts(bytes(fields[1].data), "Attribute")
        if not found or (oid in _UNDERSTOOD and (len(found) > 1 or oid in values)):
            raise Refused(Reason.MALFORMED, f"the attribute {oid} of the request does not have one value")
        values[oid] = found
    return values


def new_names(request: EnrollmentRequest) -> NewNames | None:
    """What the request's ChangeSubjectName asks for, if it is there; raises Refused(MALFORMED)."""
    content = request.attributes.get(CHANGE_SUBJECT_NAME)
    if content is None:
        return None
    subject: Subject | None = None
    names: tuple[AlternativeName, ...] | None = None
    for part in content_parts(content, "ChangeSubjectName"):
        if part.tag_bytes == b"\x30" and subject is None and names is None:
            subject = name_to_subject(read_name(encoded(part)))
        elif part.tag_bytes == b"\xa1" and names is None:
            alternatives = read_general_names(write.sequence(bytes(part.data)))
            names = tuple(dict.fromkeys(alternative_name(one) for one in alternatives))
        else:
            raise Refused(Reason.MALFORMED, "not a ChangeSubjectName in DER")
    return NewNames(subject, names)


def _text(value: asn1.TLV) -> str:
    """A DirectoryString (RFC 2985 5.4.1); raises Refused(MALFORMED) for what is none."""
    encoding = _TEXT_TAGS.get(value.tag_bytes)
    try:
        if encoding is not None:
            return bytes(value.data).decode(encoding)
    except ValueError as error:
        raise Refused(Reason.MALFORMED, "the challenge password cannot be read") from error
    raise Refused(Reason.MALFORMED, "the challenge password is no text")
