"""The envelope inside a pkiMessage, opened with whichever of our keys it names, or with a challenge password."""

from emca_daemon.asn1.cms_decrypting import check_cipher, decrypt_with_key, decrypt_with_password
from emca_daemon.asn1.cms_enveloped import Enveloped, read_enveloped_data
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.scep.endpoint import Endpoint


def undecryptable() -> Refused:
    """The one refusal of an envelope that is not for us, does not open, or holds what it should not.

    They are told apart nowhere, so that no padding is guessed from the answers.
    """
    return Refused(Reason.MALFORMED, "the message cannot be decrypted, or is not what its type says")


def read_envelope(endpoint: Endpoint, content: bytes | None) -> Enveloped:
    """The envelope; raises Refused(MALFORMED), or ALGORITHM_REFUSED for a cipher that is not allowed."""
    enveloped = read_enveloped_data(content or b"")
    check_cipher(enveloped, endpoint.ciphers)
    return enveloped


def open_envelope(endpoint: Endpoint, enveloped: Enveloped) -> bytes:
    """The message's data.

    Raises Refused: MALFORMED (`undecryptable`), ALGORITHM_REFUSED, UNAVAILABLE when a key cannot be reached.
    """
    try:
        for fresh in (False, True):  # another process may have made the key a moment ago
            for certificate in endpoint.registration.decryptors(fresh=fresh):
                recipient = enveloped.recipient_for(certificate)
                if recipient is not None:
                    key = endpoint.registration.decryption_key(certificate)
                    return decrypt_with_key(enveloped, recipient, key, ciphers=endpoint.ciphers, random=endpoint.random)
        return _open_with_password(endpoint, enveloped)
    except Refused as refusal:
        if refusal.reason in (Reason.ALGORITHM_REFUSED, Reason.UNAVAILABLE):
            raise
        raise undecryptable() from None


def _open_with_password(endpoint: Endpoint, enveloped: Enveloped) -> bytes:
    if enveloped.password_recipient() is not None:
        for password in endpoint.challenges.passwords():
            return decrypt_with_password(enveloped, password, ciphers=endpoint.ciphers, random=endpoint.random)
    raise undecryptable()
