"""Proofs that are in the request itself though its key does not sign: agreeMAC and encryptedKey (RFC 4211 4.2, 4.3)."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

from emca_daemon.asn1 import der
from emca_daemon.asn1.attributes import COMMON_NAME
from emca_daemon.asn1.cmp import name_in
from emca_daemon.asn1.cmp_status import FailInfo
from emca_daemon.asn1.cms_agreement import agree
from emca_daemon.asn1.crmf import CertificateRequest, Proof, ProofMethod
from emca_daemon.asn1.distinguished_names import subject_of
from emca_daemon.asn1.values import algorithm, decoded, encoded, sequence_parts
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.cmp import macs
from emca_daemon.protocols.cmp.calls import Call
from emca_daemon.protocols.cmp.envelopes import opened
from emca_daemon.protocols.cmp.errors import Failure
from emca_daemon.protocols.cmp.key_delivery import readable_key

_AGREE_MAC, _ENCRYPTED_KEY = b"\xa3", b"\xa4"
_STRING = 0x0C


def check_private_proof(call: Call, request: CertificateRequest, proof: Proof) -> None:
    """Whether POPOPrivKey proves possession by itself; raises Failure, Refused(UNAVAILABLE).

    The deprecated choices thisMessage and dhMAC, which do not say how they are made, prove nothing.
    """
    choice, content = proof.content[:1], b"\x30" + proof.content[1:]
    readable_key(request.template.public_key)
    try:
        if choice == _ENCRYPTED_KEY:
            return _check_key(call, request, content)
        if choice == _AGREE_MAC and proof.method is ProofMethod.KEY_AGREEMENT:
            return _check_mac(call, request, content)
    except Refused as refusal:
        if refusal.reason is Reason.UNAVAILABLE:
            raise
        raise Failure(FailInfo.BAD_POP, refusal.detail) from refusal
    raise Failure(FailInfo.BAD_POP, "this way to prove possession is not known")


def _check_mac(call: Call, request: CertificateRequest, value: bytes) -> None:
    """PKMACValue over the request, by the secret that its key and the responder's agree on."""
    parts = sequence_parts(value, "PKMACValue")
    if len(parts) != 2:
        raise Refused(Reason.MALFORMED, "not a PKMACValue in DER")
    mac = decoded(asn1.BitString, encoded(parts[1]), "PKMACValue").as_bytes()
    endpoint = call.endpoint
    ours = endpoint.signers.private_key(endpoint.signers.current())
    theirs = readable_key(request.template.public_key)
    if not isinstance(ours, ec.EllipticCurvePrivateKey) or not isinstance(theirs, ec.EllipticCurvePublicKey):
        raise Refused(Reason.KEY_REFUSED, "agreeMAC is for keys on the curve of the responder's certificate")
    made_with, most = algorithm(encoded(parts[0])), endpoint.settings.most_iterations
    if not macs.verify(made_with, agree(ours, theirs), request.encoded, mac, most):
        raise Refused(Reason.BAD_INTEGRITY, "the MAC is not by the key in the request")


def _check_key(call: Call, request: CertificateRequest, envelope: bytes) -> None:
    """EncKeyWithID in EnvelopedData: the very private key, which is looked at and forgotten."""
    parts = sequence_parts(opened(call, envelope), "EncKeyWithID")
    if len(parts) != 2:
        raise Refused(Reason.MALFORMED, "EncKeyWithID names whose key it is where it proves possession")
    try:
        key = load_der_private_key(encoded(parts[0]), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Refused(Reason.MALFORMED, "the private key cannot be read") from None
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if public != request.template.public_key:
        raise Refused(Reason.KEY_REFUSED, "the private key is not that of the key in the request")
    if not _names_holder(call, request, encoded(parts[1])):
        raise Refused(Reason.NAME_REFUSED, "EncKeyWithID is somebody else's")


def _names_holder(call: Call, request: CertificateRequest, identifier: bytes) -> bool:
    """Whether the identifier is the subject asked for or the sender: nobody shows another one's envelope again."""
    subject = subject_of(request.template.subject or der.sequence())
    sender = call.message.header.sender_name or ()
    if identifier[0] == _STRING:
        text = decoded(str, identifier, "EncKeyWithID")
        known = {one.value for one in (*subject, *sender) if one.oid == COMMON_NAME}
        return text in known or text.encode() == call.message.header.sender_kid
    named = name_in(identifier)
    return named is not None and subject_of(named) in (subject, sender)
