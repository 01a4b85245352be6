"""Keys made for clients, and what is encrypted for them (RFC 9483 4.1.6, RFC 9810 5.2.2, 5.2.8.3.2)."""

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from emca_daemon.asn1 import cms, der
from emca_daemon.asn1.cmp_status import FailInfo
from emca_daemon.asn1.cms_agreement import AgreementPublicKey
from emca_daemon.asn1.cms_encapsulation import EncapsulationPublicKey
from emca_daemon.asn1.cms_enveloping import Recipient, ToCertificate, ToPassword, ToPublicKey, envelop
from emca_daemon.asn1.cms_signing import SigningIdentity
from emca_daemon.asn1.crmf import CertificateRequest, CertificateTemplate
from emca_daemon.asn1.key_packages import signed_key_package
from emca_daemon.asn1.values import Algorithm, algorithm, encoded, sequence_parts
from emca_daemon.ca.client_keys import GeneratedKey, generate, private_bytes
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.cmp.calls import Call
from emca_daemon.protocols.cmp.errors import Failure
from emca_daemon.randomness import RandomBytes

_CIPHER = "aes-256-cbc"
_OAEP = "sha256"
_MATERIAL_OCTETS = 32
_NULL_NAME = der.sequence()
_EMPTY_BITS = b"\x03\x01\x00"
_RSA, _EC = "1.2.840.113549.1.1.1", "1.2.840.10045.2.1"
_CURVES = {
    "p-256": der.oid("1.2.840.10045.3.1.7"),
    "p-384": der.oid("1.3.132.0.34"),
    "p-521": der.oid("1.3.132.0.35"),
}
_EDWARDS = {"ed25519": "1.3.101.112", "ed448": "1.3.101.113"}


def asks_for_key(template: CertificateTemplate) -> bool:
    """Whether the CA is to make the key: there is none, or an empty one that says of what kind it should be."""
    return template.public_key is None or _wished_algorithm(template.public_key) is not None


def made_key(call: Call, request: CertificateRequest) -> GeneratedKey:
    """The key as wished for where such are made here, without a wish the first kind; raises Failure.

    Whoever could not be given it is refused before it is made.
    """
    offered = call.endpoint.settings.key_generation
    if not offered:
        raise Failure(FailInfo.BAD_CERT_TEMPLATE, "the public key is missing, and keys are not made here")
    if request.proof is not None:
        raise Failure(FailInfo.BAD_POP, "nobody has the key yet that the CA shall make")
    recipient_of(call)
    public = request.template.public_key
    wished = None if public is None else _wished_algorithm(public)
    fitting = [name for name in offered if wished is None or _is_of(name, wished)]
    if not fitting:
        raise Failure(FailInfo.BAD_CERT_TEMPLATE, "keys of that kind are not made here")
    return generate(fitting[0])


def enveloped_key(call: Call, key: GeneratedKey) -> bytes:
    """EnvelopedData with the key, signed by the key generation authority, for whoever has sent the request.

    Raises Failure where it cannot be encrypted for that one, Refused(UNAVAILABLE).
    """
    authorities = call.endpoint.key_authorities
    assert authorities is not None
    authority = authorities.current()
    identity = SigningIdentity(authority.certificate, authorities.private_key(authority))
    bare = not call.endpoint.settings.key_packages
    package = signed_key_package(private_bytes(key), identity, authority.chain, bare=bare)
    return _enveloped(package, recipient_of(call), cms.SIGNED_DATA, call.endpoint.random)


def enveloped_certificate(certificate: bytes, random: RandomBytes) -> bytes:
    """EnvelopedData with a certificate, for the holder of the key in it alone."""
    parsed = x509.load_der_x509_certificate(certificate)
    recipient = ToCertificate(parsed, _OAEP, by_key_identifier=True, user_material=random(_MATERIAL_OCTETS))
    return _enveloped(certificate, recipient, cms.DATA, random)


def enveloped_for_key(content: bytes, public_key: bytes | None, request_id: int, random: RandomBytes) -> bytes:
    """EnvelopedData for the holder of a key without a certificate, called by no name and by the certReqId.

    Raises Failure.
    """
    key = readable_key(public_key)
    recipient = ToPublicKey(key, _NULL_NAME, request_id, _OAEP, random(_MATERIAL_OCTETS))
    return _enveloped(content, recipient, cms.DATA, random)


def readable_key(public_key: bytes | None) -> rsa.RSAPublicKey | AgreementPublicKey | EncapsulationPublicKey:
    """A key that a certificate is asked for, to which something can be encrypted; raises Failure."""
    try:
        key = load_der_public_key(public_key or b"")
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Failure(FailInfo.BAD_CERT_TEMPLATE, "the key is of a kind that is not supported") from None
    if not isinstance(key, rsa.RSAPublicKey | AgreementPublicKey | EncapsulationPublicKey):
        raise Failure(FailInfo.BAD_POP, "nothing can be encrypted to a key of this kind")
    return key


def recipient_of(call: Call) -> ToCertificate | ToPassword:
    """For whom a key is encrypted: who knows the secret, or has the certificate that protects; raises Failure."""
    credential = call.credential
    if credential.secret is not None:
        return ToPassword(credential.secret.secret)
    certificate = credential.certificate
    assert certificate is not None
    if not _is_for_encryption(certificate):
        raise Failure(FailInfo.NOT_AUTHORIZED, "nothing can be encrypted for the certificate that signs")
    material = call.endpoint.random(_MATERIAL_OCTETS)
    return ToCertificate(certificate, _OAEP, by_key_identifier=True, user_material=material)


def _enveloped(content: bytes, recipient: Recipient, content_type: str, random: RandomBytes) -> bytes:
    try:
        written = envelop(content, (recipient,), _CIPHER, random, content_type=content_type)
    except Refused as refusal:
        if refusal.reason is not Reason.KEY_REFUSED:
            raise
        raise Failure(FailInfo.NOT_AUTHORIZED, refusal.detail) from refusal
    return cms.read_content_info(written)[1]


def _is_for_encryption(certificate: x509.Certificate) -> bool:
    """Whether key usage and key let something be encrypted for a certificate (RFC 9483 4.1.6.1, 4.1.6.2)."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        key = certificate.public_key()
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
    if isinstance(key, rsa.RSAPublicKey | EncapsulationPublicKey):
        return usage.key_encipherment
    return isinstance(key, AgreementPublicKey) and usage.key_agreement


def _wished_algorithm(public_key: bytes) -> Algorithm | None:
    """The algorithm beside an empty BIT STRING; None where there is a key."""
    parts = [encoded(part) for part in sequence_parts(public_key, "SubjectPublicKeyInfo")]
    return algorithm(parts[0]) if len(parts) == 2 and parts[1] == _EMPTY_BITS else None


def _is_of(name: str, wished: Algorithm) -> bool:
    """Whether keys of that name are of the kind wished for; how long an RSA key should be cannot be said."""
    if name in _CURVES:
        return wished.oid == _EC and wished.parameters in (None, _CURVES[name])
    return wished.oid == _EDWARDS.get(name, _RSA)
