"""CsrAttrs: what a client should put into its request (RFC 7030 4.5.2), as OIDs and as a template (RFC 9908)."""

from typing import Final

from emca_daemon.asn1 import der
from emca_daemon.asn1.attributes import COMMON_NAME, attribute_type
from emca_daemon.policy.profile import Profile
from emca_daemon.policy.profile_subject import AttributeRule
from emca_daemon.protocols.est.requests import CHALLENGE_PASSWORD
from emca_daemon.settings.est import EstSettings

REQUEST_TEMPLATE: Final = "1.2.840.113549.1.9.16.2.61"
EXTENSION_TEMPLATE: Final = "1.2.840.113549.1.9.16.2.62"

_ALTERNATIVE_NAME: Final = "2.5.29.17"
_SET: Final = 0x31
_UTF8: Final = 0x0C
_PRINTABLE: Final = 0x13
_RSA: Final = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.NULL)
_EC: Final = der.oid("1.2.840.10045.2.1")
_KEYS: Final = {
    "rsa": _RSA,
    "p-256": der.sequence(_EC, der.oid("1.2.840.10045.3.1.7")),
    "p-384": der.sequence(_EC, der.oid("1.3.132.0.34")),
    "p-521": der.sequence(_EC, der.oid("1.3.132.0.35")),
    "ed25519": der.sequence(der.oid("1.3.101.112")),
    "ed448": der.sequence(der.oid("1.3.101.113")),
    "ml-dsa-44": der.sequence(der.oid("2.16.840.1.101.3.4.3.17")),
    "ml-dsa-65": der.sequence(der.oid("2.16.840.1.101.3.4.3.18")),
    "ml-dsa-87": der.sequence(der.oid("2.16.840.1.101.3.4.3.19")),
    "x25519": der.sequence(der.oid("1.3.101.110")),
    "x448": der.sequence(der.oid("1.3.101.111")),
    "ml-kem-768": der.sequence(der.oid("2.16.840.1.101.3.4.4.2")),
    "ml-kem-1024": der.sequence(der.oid("2.16.840.1.101.3.4.4.3")),
}
"""AlgorithmIdentifiers of keys, by the names that profiles use."""


def csr_attributes(settings: EstSettings, profile: Profile) -> bytes | None:
    """CsrAttrs in DER; None where there is nothing to say."""
    parts = [der.oid(oid) for oid in settings.csr_attributes]
    if settings.proof_of_possession == "required" and CHALLENGE_PASSWORD not in settings.csr_attributes:
        parts.append(der.oid(CHALLENGE_PASSWORD))
    if settings.csr_template:
        parts.append(_attribute(REQUEST_TEMPLATE, request_template(profile)))
    return der.sequence(*parts) if parts else None


def request_template(profile: Profile) -> bytes:
    """CertificationRequestInfoTemplate of a profile (RFC 9908 3.4).

    The subject holds what the profile requires or fixes, the latter with its value; the key's algorithm is there where
    the profile takes one only; alternative names are asked for, without values, where the profile wants some.
    """
    algorithms = profile.key.algorithms
    key = der.explicit(0, _KEYS[algorithms[0]]) if len(algorithms) == 1 else b""
    attributes = b""
    if profile.names.minimum:
        wanted = der.sequence(der.sequence(der.oid(_ALTERNATIVE_NAME)))
        attributes = _attribute(EXTENSION_TEMPLATE, wanted)
    return der.sequence(der.integer(0), _subject(profile), key, der.explicit(1, attributes))


def _subject(profile: Profile) -> bytes:
    rules = [rule for rule in profile.subject.attributes if rule.use in ("required", "fixed")]
    names = [der.tlv(_SET, der.sequence(der.oid(rule.type.oid), _value(rule))) for rule in rules]
    if profile.subject.common_name == "first-dns-name":
        names.append(der.tlv(_SET, der.sequence(der.oid(COMMON_NAME))))
    return der.sequence(*names) if names else b""


def _value(rule: AttributeRule) -> bytes:
    """The text that a fixed attribute has; nothing for one that the client fills in."""
    if rule.value is None:
        return b""
    printable = attribute_type(rule.type.oid).string_type.value == _PRINTABLE
    return der.tlv(_PRINTABLE if printable else _UTF8, rule.value.encode())


def _attribute(oid: str, value: bytes) -> bytes:
    return der.sequence(der.oid(oid), der.tlv(_SET, value))
