"""OCSP requests from bytes (RFC 6960 4.1, RFC 9654 2.1): strict DER in, plain values or Refused(MALFORMED) out."""

from dataclasses import dataclass
from typing import Annotated

from cryptography import x509
from cryptography.hazmat import asn1

from emca_daemon.asn1 import der
from emca_daemon.errors import Reason, Refused

NONCE = "1.3.6.1.5.5.7.48.1.2"
MAX_NONCE = 128
"""Octets; longer nonces must be refused (RFC 9654 2.1)."""

_ACCEPTABLE_RESPONSES = "1.3.6.1.5.5.7.48.1.4"
_SERVICE_LOCATOR = "1.3.6.1.5.5.7.48.1.7"
_PREFERRED_SIGNATURE_ALGORITHMS = "1.3.6.1.5.5.7.48.1.8"
# Known, so that marking them critical is no reason to refuse; all but the nonce change nothing in the answer.
_KNOWN = frozenset({NONCE, _ACCEPTABLE_RESPONSES, _PREFERRED_SIGNATURE_ALGORITHMS})
_KNOWN_SINGLE = frozenset({_SERVICE_LOCATOR})

HASHES = {"1.3.14.3.2.26": "sha1", "2.16.840.1.101.3.4.2.1": "sha256"} | {
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
"""The hash algorithms that a CertID may use: dotted OID to the name in `hashlib`."""
HASH_SIZES = {"sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}


@dataclass(frozen=True, slots=True)
class CertificateId:
    """CertID: which certificate is asked about. `hash` is one of `HASHES`; `encoded` the exact bytes, to be echoed."""

    hash: str
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial: int
    encoded: bytes


@dataclass(frozen=True, slots=True)
class OcspRequest:
    """What an OCSP request asks; `nonce` is 1 to 128 octets, or None where there is none."""

    certificates: tuple[CertificateId, ...]
    nonce: bytes | None


@asn1.sequence
class _AlgorithmIdentifier:
    algorithm: x509.ObjectIdentifier
    parameters: asn1.Null | None


@asn1.sequence
class _CertId:
    hash_algorithm: _AlgorithmIdentifier
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial_number: int


@asn1.sequence
class _Extension:
    extn_id: x509.ObjectIdentifier
    critical: Annotated[bool, asn1.Default(False)]
    extn_value: bytes


@asn1.sequence
class _Ignored:
    """Any one value; `[n] IMPLICIT` around it has the bytes of `[n] EXPLICIT` around the value itself."""

    value: asn1.TLV


@asn1.sequence
class _SingleRequest:
    req_cert: asn1.TLV
    single_request_extensions: Annotated[list[_Extension] | None, asn1.Explicit(0)]


@asn1.sequence
class _TbsRequest:
    version: Annotated[int, asn1.Explicit(0), asn1.Default(0)]
    requestor_name: Annotated[_Ignored | None, asn1.Implicit(1)]
    request_list: list[_SingleRequest]
    request_extensions: Annotated[list[_Extension] | None, asn1.Explicit(2)]


@asn1.sequence
class _OcspRequest:
    tbs_request: _TbsRequest
    # Who asked makes no difference here, signed or not (RFC 9919 3.1.2).
    optional_signature: Annotated[_Ignored | None, asn1.Implicit(0)]


def decode_request(data: bytes, max_requests: int) -> OcspRequest:
    """Read an OCSPRequest about at most `max_requests` certificates.

    Raises Refused(MALFORMED), or Refused(ALGORITHM_REFUSED) for a CertID with a hash that nothing here is known by.
    """
    try:
        request = asn1.decode_der(_OcspRequest, data).tbs_request
    except ValueError:
        raise Refused(Reason.MALFORMED, "not an OCSPRequest in DER") from None
    if request.version != 0:
        raise Refused(Reason.MALFORMED, "the only version of OCSP is v1")
    if not 1 <= len(request.request_list) <= max_requests:
        raise Refused(Reason.MALFORMED, f"a request asks about 1 to {max_requests} certificates")
    extensions = _read_extensions(request.request_extensions, _KNOWN)
    for single in request.request_list:
        _read_extensions(single.single_request_extensions, _KNOWN_SINGLE)
    return OcspRequest(
        tuple(_read_certificate_id(single.req_cert) for single in request.request_list),
        _read_nonce(extensions.get(NONCE)),
    )


def _read_certificate_id(value: asn1.TLV) -> CertificateId:
    """A CertID, and its bytes: DER has only one way to write them."""
    try:
        parsed = value.parse(_CertId)
    except ValueError:
        raise Refused(Reason.MALFORMED, "not a CertID") from None
    hash_name = HASHES.get(parsed.hash_algorithm.algorithm.dotted_string)
    if hash_name is None:
        raise Refused(Reason.ALGORITHM_REFUSED, "no issuer is known by hashes of that algorithm")
    name_hash, key_hash = parsed.issuer_name_hash, parsed.issuer_key_hash
    if not len(name_hash) == len(key_hash) == HASH_SIZES[hash_name]:
        raise Refused(Reason.MALFORMED, f"hashes that are no {hash_name}")
    return CertificateId(hash_name, name_hash, key_hash, parsed.serial_number, der.tlv(0x30, bytes(value.data)))


def _read_extensions(extensions: list[_Extension] | None, known: frozenset[str]) -> dict[str, bytes]:
    """Extension values by dotted OID; each at most once, none unknown and critical."""
    values: dict[str, bytes] = {}
    for extension in extensions or ():
        identifier = extension.extn_id.dotted_string
        if identifier in values:
            raise Refused(Reason.MALFORMED, f"extension {identifier} comes twice")
        if extension.critical and identifier not in known:
            raise Refused(Reason.MALFORMED, f"critical extension {identifier} is not known")
        values[identifier] = extension.extn_value
    return values


def _read_nonce(value: bytes | None) -> bytes | None:
    """The nonce inside its extension's value."""
    if value is None:
        return None
    try:
        nonce = asn1.decode_der(bytes, value)
    except ValueError:
        raise Refused(Reason.MALFORMED, "the nonce is not an OCTET STRING") from None
    if not 1 <= len(nonce) <= MAX_NONCE:
        raise Refused(Reason.MALFORMED, f"a nonce has 1 to {MAX_NONCE} octets")
    return nonce
