"""SignedData written in strict DER (RFC 5652 5): signed by any key, or a bare bundle of certificates and CRLs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

from emca_daemon.asn1 import cms, cms_signatures, der
from emca_daemon.asn1.cms_algorithms import DIGEST_OIDS, digest


@dataclass(frozen=True, slots=True)
class SigningIdentity:
    """Who signs: a certificate and the key to it, through cryptography's interface, wherever the key lives."""

    certificate: x509.Certificate
    key: CertificateIssuerPrivateKeyTypes
    pss: bool = False


def sign_data(
    content: bytes,
    identity: SigningIdentity,
    *,
    digest_name: str = "sha256",
    content_type: str = cms.DATA,
    attributes: Mapping[str, bytes] | None = None,
    certificates: Sequence[bytes] = (),
    crls: Sequence[bytes] = (),
) -> bytes:
    """A ContentInfo with SignedData by one signer, over the attributes (dotted OID to the DER of the one value).

    contentType and messageDigest are added. `certificates` (DER) are enclosed as they are, the signer's own not unless
    it is among them. Raises Refused(UNAVAILABLE) when the key cannot be reached.
    """
    if isinstance(identity.key, cms_signatures.PURE_PRIVATE_KEYS):
        digest_name = "sha512"  # what goes with them (RFC 8419 2.3, RFC 9882 3.3)
    signed = dict(attributes or {})
    signed[cms.CONTENT_TYPE] = der.oid(content_type)
    signed[cms.MESSAGE_DIGEST] = der.octet_string(digest(digest_name, content))
    encoded = b"".join(sorted(_attribute(oid, value) for oid, value in signed.items()))
    algorithm, signature = cms_signatures.sign(identity.key, digest_name, der.tlv(0x31, encoded), pss=identity.pss)
    digest_algorithm = _digest_algorithm(digest_name)
    signer_info = der.sequence(
        der.integer(1),
        cms.issuer_and_serial(identity.certificate),
        digest_algorithm,
        der.tlv(0xA0, encoded),
        cms.write_algorithm(algorithm),
        der.octet_string(signature),
    )
    return _signed_data(
        version=1 if content_type == cms.DATA else 3,
        digest_algorithms=digest_algorithm,
        encapsulated=der.sequence(der.oid(content_type), der.explicit(0, der.octet_string(content))),
        certificates=certificates,
        crls=crls,
        signer_infos=signer_info,
    )


def bundle(certificates: Sequence[bytes], crls: Sequence[bytes] = (), *, in_given_order: bool = False) -> bytes:
    """A degenerate SignedData (RFC 5652 5.1, "certs-only") of certificates and CRLs in DER.

    `in_given_order` leaves the SET unsorted, for readers that take the first certificate for the one that matters.
    """
    return _signed_data(
        version=1,
        digest_algorithms=b"",
        encapsulated=der.sequence(der.oid(cms.DATA)),
        certificates=certificates,
        crls=crls,
        signer_infos=b"",
        in_given_order=in_given_order,
    )


def _signed_data(
    *,
    version: int,
    digest_algorithms: bytes,
    encapsulated: bytes,
    certificates: Sequence[bytes],
    crls: Sequence[bytes],
    signer_infos: bytes,
    in_given_order: bool = False,
) -> bytes:
    enclosed = list(dict.fromkeys(certificates))
    if not in_given_order:
        enclosed.sort()
    content = der.sequence(
        der.integer(version),
        der.tlv(0x31, digest_algorithms),
        encapsulated,
        der.explicit(0, b"".join(enclosed)) if enclosed else b"",
        der.explicit(1, b"".join(sorted(crls))) if crls else b"",
        der.tlv(0x31, signer_infos),
    )
    return cms.write_content_info(cms.SIGNED_DATA, content)


def _digest_algorithm(name: str) -> bytes:
    """SHA-1 and MD5 with NULL, as old readers expect; the SHA-2 family without parameters (RFC 5754 2)."""
    legacy = name in ("md5", "sha1")
    return cms.write_algorithm(cms.Algorithm(DIGEST_OIDS[name], der.NULL if legacy else None))


def _attribute(oid: str, value: bytes) -> bytes:
    return der.sequence(der.oid(oid), der.tlv(0x31, value))
