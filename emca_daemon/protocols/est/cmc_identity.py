"""Who signed a full CMC request, and who they are (RFC 5272 3.2, RFC 7030 4.3.1)."""

import hmac
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key

from emca_daemon.asn1 import cmc, cms, der
from emca_daemon.asn1.cmc import PkiData, RequestKind
from emca_daemon.asn1.cms_algorithms import MODERN_DIGESTS, digest
from emca_daemon.asn1.cms_signatures import permitted
from emca_daemon.asn1.cms_signed import SignedData, Signer, public_key_of, verify_signer
from emca_daemon.asn1.crmf import certificate_requests
from emca_daemon.asn1.pkcs10 import load_request
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.est.authentication import check_address, count_failure
from emca_daemon.protocols.est.calls import Call
from emca_daemon.protocols.est.clients import Client, TrustedCertificate
from emca_daemon.protocols.est.shared_secrets import proved_user
from emca_daemon.protocols.http import Peer
from emca_daemon.protocols.http_users import HttpUser

_DECOY_SIZE: Final = 16


def identify(call: Call, signed: SignedData, data: PkiData) -> Client:
    """The client, by all of what the label's settings demand (RFC 7030 3.7, 4.3).

    The certificate that signed counts as the client's, a shared secret says who it is where that will do, and what
    else is wanted must come by HTTP or TLS. The signature is verified in any case. Raises what `authenticate` does,
    Refused(BAD_INTEGRITY) and Refused(NOT_AUTHENTICATED).
    """
    if len(signed.signers) != 1:
        raise Refused(Reason.MALFORMED, "a full request has one signer")
    user = _proved(call, data)
    trusted = _signer(call, signed, signed.signers[0], data)
    return call.authenticated(signer=trusted, proved=user)


def _proved(call: Call, data: PkiData) -> HttpUser | None:
    endpoint, now = call.endpoint, call.endpoint.clock()
    check_address(endpoint, call.request, now)
    try:
        return proved_user(data, endpoint.secrets, endpoint.random(_DECOY_SIZE))
    except Refused as refused:
        if refused.reason is Reason.NOT_AUTHENTICATED:
            count_failure(endpoint, call.request, now)
        raise


def _signer(call: Call, signed: SignedData, signer: Signer, data: PkiData) -> TrustedCertificate | None:
    """The certificate that signed; None for a digest alone, and for the new key itself."""
    if signer.algorithm.oid == cmc.NO_SIGNATURE:
        _check_digest(signed, signer)
        return None
    certificate = _enclosed(signed, signer)
    if certificate is None:
        verify_signer(signed, signer, _requested_key(signer, data), MODERN_DIGESTS)
        return None
    verify_signer(signed, signer, public_key_of(certificate), MODERN_DIGESTS)
    if _is_of_new_key(certificate, data):
        return None
    peer = Peer(
        call.request.peer.address, certificate=certificate.public_bytes(Encoding.DER), chain=signed.certificates
    )
    return call.endpoint.trust.judge(peer, call.endpoint.clock(), renewing=False)


def _enclosed(signed: SignedData, signer: Signer) -> x509.Certificate | None:
    try:
        return signed.certificate_of(signer)
    except Refused as refused:
        if refused.reason is not Reason.BAD_INTEGRITY:
            raise
        return None


def _is_of_new_key(certificate: x509.Certificate, data: PkiData) -> bool:
    """Whether it is the certificate that a requested key made for itself: it says no more than the key does."""
    try:
        if certificate.issuer.public_bytes() != certificate.subject.public_bytes():
            return False
    except ValueError:
        return False
    key = public_key_of(certificate)
    return any(_key(request) == key for request in data.requests)


def _check_digest(signed: SignedData, signer: Signer) -> None:
    permitted(signer.digest, MODERN_DIGESTS)
    content = signed.content or b""
    covered = content if signer.attributes is None else der.tlv(0x31, signer.attributes_content)
    if signer.attributes is not None:
        stated = signer.attribute(cms.MESSAGE_DIGEST)
        if stated != der.octet_string(digest(signer.digest, content)):
            raise Refused(Reason.BAD_INTEGRITY, "the message digest is not that of the content")
    if not hmac.compare_digest(signer.signature, digest(signer.digest, covered)):
        raise Refused(Reason.BAD_INTEGRITY, "the digest in the place of a signature is wrong")


def _requested_key(signer: Signer, data: PkiData) -> CertificatePublicKeyTypes:
    """The key of the request that the signer names by its key identifier, or of the only one there is."""
    keys = [key for request in data.requests if (key := _key(request)) is not None]
    if isinstance(signer.identifier, cms.KeyIdentifier):
        for key in keys:
            if x509.SubjectKeyIdentifier.from_public_key(key).digest == signer.identifier.value:
                return key
    if not keys or any(key != keys[0] for key in keys):
        raise Refused(Reason.BAD_INTEGRITY, "the signer's certificate is not enclosed")
    return keys[0]


def _key(request: cmc.TaggedRequest) -> CertificatePublicKeyTypes | None:
    try:
        if request.kind is RequestKind.PKCS10:
            return load_request(request.encoded).public_key()
        if request.kind is RequestKind.CRMF:
            template = certificate_requests(der.sequence(request.encoded))[0].template
            return load_der_public_key(template.public_key or b"")  # type: ignore[return-value]
    except (Refused, ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return None
