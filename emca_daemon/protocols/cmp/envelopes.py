"""What clients encrypt for the CA: by the shared secret, or to the responder's certificate (caProtEncCert)."""

from emca_daemon.asn1 import cms, der
from emca_daemon.asn1.cms_decrypting import decrypt_with_key, decrypt_with_password
from emca_daemon.asn1.cms_enveloped import read_enveloped_data
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.cmp.calls import Call

_CIPHERS = frozenset({"aes-128-cbc", "aes-192-cbc", "aes-256-cbc"})


def opened(call: Call, envelope: bytes) -> bytes:
    """The content of an EnvelopedData in DER.

    Raises Refused: UNAVAILABLE where the responder's key cannot be reached, and for whatever is wrong with it.
    """
    enveloped = read_enveloped_data(der.sequence(der.oid(cms.ENVELOPED_DATA), der.explicit(0, envelope)))
    endpoint, secret = call.endpoint, call.credential.secret
    signer = endpoint.signers.current()
    recipient = enveloped.recipient_for(signer.certificate)
    if recipient is not None:
        key = endpoint.signers.private_key(signer)
        return decrypt_with_key(enveloped, recipient, key, ciphers=_CIPHERS, random=endpoint.random)
    if secret is None:
        raise Refused(Reason.NOT_FOUND, "the envelope is for nobody here")
    return decrypt_with_password(enveloped, secret.secret, ciphers=_CIPHERS, random=endpoint.random)
