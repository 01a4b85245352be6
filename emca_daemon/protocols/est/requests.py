"""The certification request of an enrollment: its facts for policy, and the attributes that EST gives meaning to."""

from dataclasses import dataclass, replace
from typing import Final

from cryptography import x509

from emca_daemon.asn1 import der as write
from emca_daemon.asn1.encoded_names import read_general_names, read_name
from emca_daemon.asn1.names import alternative_name, name_to_subject
from emca_daemon.asn1.pkcs10 import load_request
from emca_daemon.asn1.values import content_parts, encoded
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

_TEXT_TAGS: Final = {0x0C: "utf-8", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1C: "utf-32-be", 0x1E: "utf-16-be"}


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
    attributes: dict[str, bytes] = {}
    challenge = None
    try:
        for attribute in load_request(der).attributes:
            oid = attribute.oid.dotted_string
            attributes[oid] = attribute.value
            if oid == CHALLENGE_PASSWORD:
                challenge = _text(attribute)
    except (ValueError, TypeError) as error:
        raise Refused(Reason.MALFORMED, "the attributes of the request cannot be read") from error
    return EnrollmentRequest(der, replace(facts, extensions=extensions), challenge, attributes)


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


def _text(attribute: x509.Attribute) -> str:
    """A DirectoryString (RFC 2985 5.4.1); ValueError for what is none."""
    encoding = _TEXT_TAGS.get(attribute._type)  # noqa: SLF001 - its kind has no public name
    if encoding is None:
        raise ValueError("the challenge password is no text")
    return attribute.value.decode(encoding)
