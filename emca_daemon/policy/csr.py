"""PKCS #10 certification requests into the facts that policy decides on (RFC 2986, RFC 5272 3.1)."""

from collections.abc import Callable
from dataclasses import replace

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from emca_daemon.asn1.attributes import COMMON_NAME
from emca_daemon.asn1.names import alternative_name, name_to_subject
from emca_daemon.asn1.pkcs10 import CertificationRequest, read_request
from emca_daemon.asn1.unreadable import UNREADABLE
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType, SubjectAttribute
from emca_daemon.policy import name_texts
from emca_daemon.policy.dns_names import dns_name_problem
from emca_daemon.policy.facts import RequestedExtension, Requester, RequestFacts
from emca_daemon.policy.keys import key_facts
from emca_daemon.policy.weak_keys import WeakKeys

MAXIMUM_SIZE = 65_536
"""The largest request read, in octets (an ML-DSA-87 request with a hundred names takes some 12 000)."""

MAXIMUM_BITS = 16_384
"""The largest RSA key whose signature is verified: the cost grows with the cube of it."""

_SIGNATURES = {
    "1.2.840.113549.1.1.4": "md5WithRSAEncryption",
    "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
    "1.2.840.113549.1.1.14": "sha224WithRSAEncryption",
    "1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
    "1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
    "1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
    "1.2.840.10045.4.1": "ecdsa-with-SHA1",
    "1.2.840.10045.4.3.1": "ecdsa-with-SHA224",
    "1.2.840.10045.4.3.2": "ecdsa-with-SHA256",
    "1.2.840.10045.4.3.3": "ecdsa-with-SHA384",
    "1.2.840.10045.4.3.4": "ecdsa-with-SHA512",
    "2.16.840.1.101.3.4.3.14": "sha3-256WithRSAEncryption",
    "2.16.840.1.101.3.4.3.15": "sha3-384WithRSAEncryption",
    "2.16.840.1.101.3.4.3.16": "sha3-512WithRSAEncryption",
    "2.16.840.1.101.3.4.3.10": "ecdsa-with-SHA3-256",
    "2.16.840.1.101.3.4.3.11": "ecdsa-with-SHA3-384",
    "2.16.840.1.101.3.4.3.12": "ecdsa-with-SHA3-512",
    "1.3.101.112": "ed25519",
    "1.3.101.113": "ed448",
    "2.16.840.1.101.3.4.3.17": "ml-dsa-44",
    "2.16.840.1.101.3.4.3.18": "ml-dsa-65",
    "2.16.840.1.101.3.4.3.19": "ml-dsa-87",
}
_OLD = frozenset({"1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.10045.4.1"})
"""MD5 and SHA-1, which the library calls wrong, right as they may be: whether they will do is the profile's to say."""
_PSS = "1.2.840.113549.1.1.10"


def read_csr(der: bytes, requester: Requester, weak_keys: WeakKeys | None = None) -> RequestFacts:
    """The facts of a request in DER, its signature verified; `weak_keys` as in `key_facts`.

    Raises Refused: MALFORMED for what is no request, KEY_REFUSED or ALGORITHM_REFUSED for what cannot be verified
    here, BAD_PROOF_OF_POSSESSION where the signature is wrong.
    """
    try:
        csr = _load(der)
    except Refused:
        # What a strict reader does not take, clients may still have signed: attributes out of order, another version.
        return facts_of_request(read_request(der), requester, weak_keys)

    def valid() -> bool:
        if csr.signature_algorithm_oid.dotted_string in _OLD:
            return read_request(der).is_signature_valid()
        return csr.is_signature_valid

    return _facts(csr, requester, weak_keys, valid)


def facts_of_request(
    request: CertificationRequest, requester: Requester, weak_keys: WeakKeys | None = None
) -> RequestFacts:
    """As `read_csr`, of a request that was read tolerantly; its signature is over the octets that were sent."""
    return _facts(request.ordered, requester, weak_keys, request.is_signature_valid)


def facts_proved_elsewhere(
    der: bytes, requester: Requester, request_signature: str, weak_keys: WeakKeys | None = None
) -> RequestFacts:
    """The facts of a request in the form of PKCS #10 whose possession was proved in another way (CMP, CMC).

    `request_signature` names the algorithm of that proof, empty where there was none. Raises Refused as `read_csr`.
    """
    csr = _load(der)
    names, extensions = _extensions(csr)
    key = key_facts(_public_key(csr), weak_keys)
    return RequestFacts(requester, _subject(csr), names, key, request_signature, extensions)


def _load(der: bytes) -> x509.CertificateSigningRequest:
    if len(der) > MAXIMUM_SIZE:
        raise Refused(Reason.MALFORMED, f"the certification request is larger than {MAXIMUM_SIZE} octets")
    try:
        return x509.load_der_x509_csr(der)
    except UNREADABLE as error:
        raise Refused(Reason.MALFORMED, "this is not a PKCS #10 certification request in DER") from error


def _facts(
    csr: x509.CertificateSigningRequest,
    requester: Requester,
    weak_keys: WeakKeys | None,
    valid: Callable[[], bool],
) -> RequestFacts:
    public_key = _public_key(csr)
    signature = _verified_signature(csr, valid)
    names, extensions = _extensions(csr)
    return RequestFacts(
        requester=requester,
        subject=_subject(csr),
        names=names,
        key=key_facts(public_key, weak_keys),
        request_signature=signature,
        extensions=extensions,
    )


def with_common_name_among_names(facts: RequestFacts) -> RequestFacts:
    """The facts of a request whose common name, if it is a host name or an IP address, counts as a name (RFC 8555 7.4).

    For protocols where a request may name its host in the common name alone. Text that is neither stays as it is.
    """
    names = list(facts.names)
    for attribute in facts.subject:
        if attribute.oid == COMMON_NAME and (name := _host_name(attribute.value)) is not None and name not in names:
            names.append(name)
    return replace(facts, names=tuple(names))


def _host_name(common_name: str) -> AlternativeName | None:
    if (address := name_texts.canonical_ip_address(common_name)) is not None:
        return AlternativeName(NameType.IP, address)
    name = common_name.lower()
    if dns_name_problem(name, wildcard=True, underscores=True) is None:
        return AlternativeName(NameType.DNS, name)
    return None


def _public_key(csr: x509.CertificateSigningRequest) -> CertificatePublicKeyTypes:
    try:
        key = csr.public_key()
    except UnsupportedAlgorithm as error:
        raise Refused(Reason.KEY_REFUSED, "the key is of a kind that is not supported") from error
    except (ValueError, TypeError) as error:
        raise Refused(Reason.KEY_REFUSED, "the key cannot be read") from error
    if csr.public_key_algorithm_oid.dotted_string == _PSS:  # type: ignore[attr-defined]
        # It would be certified as rsaEncryption, and its holder's software would not take that for the same key
        raise Refused(Reason.KEY_REFUSED, "RSA keys that are for RSASSA-PSS alone are not certified")
    if isinstance(key, rsa.RSAPublicKey) and key.key_size > MAXIMUM_BITS:
        raise Refused(Reason.KEY_REFUSED, f"an RSA key of more than {MAXIMUM_BITS} bits is not looked at")
    return key


def _verified_signature(csr: x509.CertificateSigningRequest, valid: Callable[[], bool]) -> str:
    """The name of the algorithm that signed the request, once the signature was found right."""
    try:
        oid = csr.signature_algorithm_oid.dotted_string
        name = _SIGNATURES.get(oid)
        if oid == _PSS and csr.signature_hash_algorithm is not None:
            name = f"RSASSA-PSS-{csr.signature_hash_algorithm.name.upper()}"
        if name is None:
            raise Refused(Reason.ALGORITHM_REFUSED, f"a request signed with {oid} cannot be verified")
        right = valid()
    except UnsupportedAlgorithm as error:
        raise Refused(Reason.ALGORITHM_REFUSED, "the request is signed in a way that is not supported") from error
    except (ValueError, TypeError, InvalidSignature) as error:
        raise Refused(Reason.BAD_PROOF_OF_POSSESSION, "the request's own signature cannot be read") from error
    if not right:
        raise Refused(Reason.BAD_PROOF_OF_POSSESSION, "the request's own signature is wrong")
    return name


def _subject(csr: x509.CertificateSigningRequest) -> tuple[SubjectAttribute, ...]:
    try:
        return name_to_subject(csr.subject)
    except (ValueError, TypeError) as error:
        raise Refused(Reason.MALFORMED, "the subject of the request cannot be read") from error


def _extensions(
    csr: x509.CertificateSigningRequest,
) -> tuple[tuple[AlternativeName, ...], tuple[RequestedExtension, ...]]:
    """The alternative names, and all extensions asked for (the one with these names included)."""
    names: list[AlternativeName] = []
    extensions = []
    try:
        for extension in csr.extensions:
            if isinstance(extension.value, x509.SubjectAlternativeName):
                names += (alternative_name(name) for name in extension.value)
            value = extension.value.public_bytes()
            extensions.append(RequestedExtension(extension.oid.dotted_string, extension.critical, value))
    except UNREADABLE as error:
        raise Refused(Reason.MALFORMED, "the extensions of the request cannot be read") from error
    return tuple(dict.fromkeys(names)), tuple(extensions)
