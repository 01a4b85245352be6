"""SignedData read and verified (RFC 5652 5): what was signed, by whom, and with which attributes."""

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from emca_daemon.asn1 import ber, cms, cms_signatures, der
from emca_daemon.asn1.cms_algorithms import digest, digest_label
from emca_daemon.asn1.lax_names import readable_certificate
from emca_daemon.asn1.unreadable import UNREADABLE
from emca_daemon.errors import Reason, Refused


@dataclass(frozen=True, slots=True)
class Signer:
    """A SignerInfo: who signed, with what, and the attributes that were signed with the content.

    `digest` is our name of the digest. `attributes` has the DER of each attribute's values by dotted OID, None where
    nothing but the content was signed; `attributes_content` is what the signature is over, without its SET header.
    """

    identifier: cms.CertificateIdentifier
    digest: str
    algorithm: cms.Algorithm
    signature: bytes
    attributes: Mapping[str, tuple[bytes, ...]] | None
    attributes_content: bytes

    def attribute(self, oid: str) -> bytes | None:
        """The DER of the one value of an attribute; raises Refused(MALFORMED) where it has not exactly one."""
        values = (self.attributes or {}).get(oid)
        if values is None:
            return None
        if len(values) != 1:
            raise Refused(Reason.MALFORMED, f"the attribute {oid} does not have one value")
        return values[0]


@dataclass(frozen=True, slots=True)
class SignedData:
    """SignedData: `content` is None where it is absent (degenerate or detached); certificates and CRLs in DER."""

    content_type: str
    content: bytes | None
    certificates: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    signers: tuple[Signer, ...]

    def certificate_of(self, signer: Signer, *, any_names: bool = False) -> x509.Certificate:
        """The signer's certificate from among those enclosed; `any_names` as in `read_certificate`.

        Raises Refused: BAD_INTEGRITY if it is not there, MALFORMED if it may be one that cannot be read.
        """
        missing = Refused(Reason.BAD_INTEGRITY, "the signer's certificate is not enclosed")
        for encoded in self.certificates:
            try:
                certificate = read_certificate(encoded, any_names=any_names)
            except Refused as unreadable:
                missing = unreadable
                continue
            if cms.names(signer.identifier, certificate):
                return certificate
        raise missing


def read_signed_data(data: bytes) -> SignedData:
    """Read a ContentInfo with SignedData from BER; nothing is verified yet.

    Raises Refused(MALFORMED), or ALGORITHM_REFUSED for a digest that is not known at all.
    """
    content_type, content = cms.read_content_info(data)
    if content_type != cms.SIGNED_DATA:
        raise Refused(Reason.MALFORMED, "not SignedData")
    return read_signed_content(content)


def read_signed_content(encoded: bytes) -> SignedData:
    """Read SignedData itself, from DER lengths."""
    read = cms.parse(cms.SignedDataStructure, encoded, "SignedData")
    certificates = [cms.encoded_of(value) for value in read.certificates or ()]
    signer_infos = ber.elements(bytes(read.signer_infos.data))
    if len(certificates) > cms.MAX_CERTIFICATES or len(signer_infos) > cms.MAX_SIGNERS:
        raise Refused(Reason.MALFORMED, "too many certificates or signers")
    return SignedData(
        content_type=read.encap_content_info.e_content_type.dotted_string,
        content=read.encap_content_info.e_content,
        # Attribute certificates and other forms ([0] to [3]) are passed over.
        certificates=tuple(encoded for encoded in certificates if encoded[0] == 0x30),
        crls=tuple(cms.encoded_of(value) for value in read.crls or ()),
        signers=tuple(_read_signer(info.encoded) for info in signer_infos),
    )


def read_certificate(encoded: bytes, *, any_names: bool = False) -> x509.Certificate:
    """A certificate from DER, its names known to be readable; raises Refused(MALFORMED).

    With `any_names` they need not be; where nothing can be read because of them, it is a copy with readable ones.
    """
    try:
        certificate = x509.load_der_x509_certificate(encoded)
        if not any_names:
            # Parsed when first asked for.
            certificate.issuer.public_bytes()
            certificate.subject.public_bytes()
    except UNREADABLE as error:
        copy = readable_certificate(encoded) if any_names else encoded
        if copy != encoded:
            return read_certificate(copy)
        raise Refused(Reason.MALFORMED, "a certificate cannot be read") from error
    return certificate


def public_key_of(certificate: x509.Certificate) -> CertificatePublicKeyTypes:
    """The certified key; raises Refused(KEY_REFUSED) for one that cannot be read."""
    try:
        return certificate.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Refused(Reason.KEY_REFUSED, "the signer's key cannot be read") from error


def verify_signer(
    signed: SignedData,
    signer: Signer,
    key: CertificatePublicKeyTypes,
    allowed: Collection[str],
    content: bytes | None = None,
) -> None:
    """Check content and signature; `allowed` names the digests, `content` is given where it is detached.

    The signature over attributes is checked over their bytes as sent, then over their DER order, for clients that
    sign the one and send the other. Raises Refused(BAD_INTEGRITY) or ALGORITHM_REFUSED.
    """
    cms_signatures.permitted(signer.digest, allowed)
    signed_content = content if content is not None else signed.content or b""
    if signer.attributes is None:
        cms_signatures.verify(key, signer.algorithm, signer.digest, signer.signature, signed_content, allowed)
        return
    _check_attributes(signed, signer, signed_content)
    received = der.tlv(0x31, signer.attributes_content)
    try:
        cms_signatures.verify(key, signer.algorithm, signer.digest, signer.signature, received, allowed)
    except Refused as refusal:
        ordered = in_order(signer.attributes_content)
        if refusal.reason is not Reason.BAD_INTEGRITY or ordered == received:
            raise
        cms_signatures.verify(key, signer.algorithm, signer.digest, signer.signature, ordered, allowed)


def in_order(content: bytes) -> bytes:
    """A SET OF in DER: its elements sorted by their octets (X.690 11.6)."""
    return der.tlv(0x31, b"".join(sorted(element.encoded for element in ber.elements(content))))


def _check_attributes(signed: SignedData, signer: Signer, content: bytes) -> None:
    """RFC 5652 5.4: contentType and messageDigest are there and right."""
    expected = der.octet_string(digest(signer.digest, content))
    if not hmac.compare_digest(signer.attribute(cms.MESSAGE_DIGEST) or b"", expected):
        raise Refused(Reason.BAD_INTEGRITY, "the message digest is wrong")
    if signer.attribute(cms.CONTENT_TYPE) != der.oid(signed.content_type):
        raise Refused(Reason.BAD_INTEGRITY, "the content type is not the one signed")


def _read_signer(encoded: bytes) -> Signer:
    info = cms.parse(cms.SignerInfo, encoded, "a SignerInfo")
    attributes: dict[str, tuple[bytes, ...]] | None = None
    contents = [cms.encoded_of(value) for value in info.signed_attrs or ()]
    if info.signed_attrs is not None:
        attributes = {}
        for content in contents:
            attribute = cms.parse(cms.AttributeStructure, content, "an Attribute")
            oid = attribute.attr_type.dotted_string
            if oid in attributes:
                raise Refused(Reason.MALFORMED, f"the attribute {oid} comes twice")
            attributes[oid] = tuple(value.encoded for value in ber.elements(bytes(attribute.attr_values.data), 64))
    return Signer(
        identifier=cms.read_identifier(info.sid),
        digest=digest_label(cms.read_algorithm(cms.encoded_of(info.digest_algorithm)).oid),
        algorithm=cms.read_algorithm(cms.encoded_of(info.signature_algorithm)),
        signature=info.signature,
        attributes=attributes,
        attributes_content=b"".join(contents),
    )
