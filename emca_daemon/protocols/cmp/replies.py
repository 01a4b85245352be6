"""Answers as messages: the header that correlates them, and their protection (RFC 9483 3.1 to 3.3)."""

from dataclasses import replace

from cryptography import x509

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp import Body, Header, Salvage, directory_name, encode_header, encode_message
from emca_daemon.asn1.cmp_status import error_content
from emca_daemon.ca.signatures import sign
from emca_daemon.errors import Refused
from emca_daemon.protocols.cmp import macs
from emca_daemon.protocols.cmp.calls import Answer, Endpoint
from emca_daemon.protocols.cmp.credentials import Credential
from emca_daemon.protocols.cmp.errors import rejection
from emca_daemon.protocols.cmp.headers import VERSIONS

_NONCE_OCTETS = 16
_NOBODY = directory_name(x509.Name([]))


def protected(endpoint: Endpoint, asked: Header, credential: Credential, answer: Answer, nonce: bytes) -> bytes:
    """An answer, protected as the request was and by the same secret or else by the responder's signature.

    Raises Refused(UNAVAILABLE) where the responder's key cannot be reached.
    """
    if credential.secret is not None:
        return _by_secret(endpoint, asked, credential, answer, nonce)
    return signed(endpoint, asked, answer, nonce)


def signed(endpoint: Endpoint, asked: Header, answer: Answer, nonce: bytes) -> bytes:
    """An answer with the responder's signature; raises Refused(UNAVAILABLE)."""
    signer = endpoint.signers.current()
    header = encode_header(
        replace(
            _correlated(endpoint, asked, answer, nonce),
            sender=signer.sender,
            protection_algorithm=signer.algorithm,
            sender_kid=signer.key_identifier,
        )
    )
    body = der.explicit(answer.type, answer.content)
    signature = sign(endpoint.signers.private_key(signer), der.sequence(header, body))
    root = (signer.root,) if endpoint.settings.root_in_extra_certs else ()
    certificates = tuple(dict.fromkeys((*signer.chain, *answer.certificates, *root)))
    return encode_message(header, body, signature, certificates)


def _by_secret(endpoint: Endpoint, asked: Header, credential: Credential, answer: Answer, nonce: bytes) -> bytes:
    assert credential.secret is not None
    most = endpoint.settings.most_iterations
    protection = macs.renewed(credential.protection, most, endpoint.random)
    header = encode_header(
        replace(
            _correlated(endpoint, asked, answer, nonce),
            sender=endpoint.signers.current().sender,
            protection_algorithm=protection,
            sender_kid=asked.sender_kid,
        )
    )
    body = der.explicit(answer.type, answer.content)
    mac = macs.compute(protection, credential.secret.secret, der.sequence(header, body), most)
    return encode_message(header, body, mac, answer.certificates)


def unprotected_error(endpoint: Endpoint, asked: Header | Salvage, refusal: Refused) -> bytes:
    """An error that nothing vouches for, for requests that could not be attributed to anybody."""
    version = asked.pvno if asked.pvno in VERSIONS else VERSIONS[-1]
    header = Header(
        pvno=version or VERSIONS[-1],
        sender=_NOBODY,
        recipient=asked.sender or _NOBODY,
        message_time=endpoint.clock(),
        transaction_id=asked.transaction_id,
        sender_nonce=endpoint.random(_NONCE_OCTETS),
        recipient_nonce=asked.sender_nonce,
    )
    body = der.explicit(Body.ERROR, error_content(rejection(refusal)))
    return encode_message(encode_header(header), body, None, ())


def _correlated(endpoint: Endpoint, asked: Header, answer: Answer, nonce: bytes) -> Header:
    """What every answer repeats of its request; sender and protection are still to come."""
    return Header(
        pvno=max(asked.pvno, answer.pvno) if asked.pvno in VERSIONS else VERSIONS[-1],
        sender=_NOBODY,
        recipient=asked.sender,
        message_time=endpoint.clock(),
        transaction_id=asked.transaction_id,
        sender_nonce=nonce,
        recipient_nonce=asked.sender_nonce,
        general_info=answer.information,
    )
