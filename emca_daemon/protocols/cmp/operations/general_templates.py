"""What a profile wants of requests, for clients that ask before they make their keys (RFC 9483 4.3.3)."""

from emca_daemon.asn1 import der
from emca_daemon.asn1.attributes import COMMON_NAME
from emca_daemon.policy.profile import USAGE_WITHOUT_SIGNATURES, Profile

ALGORITHM_ID = "1.3.6.1.5.5.7.5.1.11"
RSA_KEY_LENGTH = "1.3.6.1.5.5.7.5.1.12"

_EC_PUBLIC_KEY = "1.2.840.10045.2.1"
_RSA = "1.2.840.113549.1.1.1"
_CURVES = {
    "p-256": "1.2.840.10045.3.1.7",
    "p-384": "1.3.132.0.34",
    "p-521": "1.3.132.0.35",
}
_PLAIN = {
    "ed25519": "1.3.101.112",
    "ed448": "1.3.101.113",
    "ml-dsa-44": "2.16.840.1.101.3.4.3.17",
    "ml-dsa-65": "2.16.840.1.101.3.4.3.18",
    "ml-dsa-87": "2.16.840.1.101.3.4.3.19",
    "x25519": "1.3.101.110",
    "x448": "1.3.101.111",
    "ml-kem-768": "2.16.840.1.101.3.4.4.2",
    "ml-kem-1024": "2.16.840.1.101.3.4.4.3",
}


def request_template(profile: Profile) -> bytes:
    """CertReqTemplateContent: the subject's fixed attributes, empty ones for what is required, and the keys allowed."""
    template = der.sequence(der.explicit(5, _subject(profile)))
    controls = [der.sequence(der.oid(ALGORITHM_ID), _algorithm(key)) for key in profile.key.algorithms if key != "rsa"]
    if "rsa" in profile.key.algorithms:
        controls.append(der.sequence(der.oid(RSA_KEY_LENGTH), der.integer(max(2048, profile.key.rsa_minimum))))
    return der.sequence(template, der.sequence(*controls) if controls else b"")


def signature_key_types(profile: Profile) -> bytes:
    """SignKeyPairTypesValue: an AlgorithmIdentifier a kind of key that can sign, one a curve."""
    signing = [key for key in profile.key.algorithms if key not in USAGE_WITHOUT_SIGNATURES]
    return der.sequence(*(_algorithm(key) for key in signing))


def encryption_key_types(profile: Profile) -> bytes:
    """EncKeyPairTypesValue: of the kinds that are certified, those that can also encrypt or agree."""
    encrypting = {"rsa", *_CURVES, *USAGE_WITHOUT_SIGNATURES}
    usable = [key for key in profile.key.algorithms if key in encrypting]
    return der.sequence(*(_algorithm(key) for key in usable))


def key_pair_parameters(profile: Profile, oid: str) -> bytes | None:
    """KeyPairParamRepValue for a kind of key: its curve, or None where there is nothing to choose."""
    curves = [key for key in profile.key.algorithms if key in _CURVES]
    return _algorithm(curves[0]) if oid == _EC_PUBLIC_KEY and curves else None


def _algorithm(key: str) -> bytes:
    if key == "rsa":
        return der.sequence(der.oid(_RSA), der.NULL)
    if key in _CURVES:
        return der.sequence(der.oid(_EC_PUBLIC_KEY), der.oid(_CURVES[key]))
    return der.sequence(der.oid(_PLAIN[key]))


def _subject(profile: Profile) -> bytes:
    """A Name whose empty values are for the client to fill in."""
    rules = [rule for rule in profile.subject.attributes if rule.use in ("required", "fixed")]
    attributes = [(rule.type.oid, rule.value or "") for rule in rules]
    if not any(oid == COMMON_NAME for oid, _ in attributes):
        attributes.append((COMMON_NAME, ""))
    parts = (der.sequence(der.oid(oid), der.tlv(0x0C, value.encode())) for oid, value in attributes)
    return der.sequence(*(der.tlv(0x31, part) for part in parts))
