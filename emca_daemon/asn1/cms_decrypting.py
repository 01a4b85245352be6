"""Envelopes opened, without telling an attacker anything by the way in which that fails.

Whatever is wrong with a wrapped key, the content is decrypted all the same, with a random key: a bad PKCS #1 padding,
a key of the wrong length and a wrong password all end where a wrong content does (RFC 3218, RFC 8017 7.2.2).
"""

from collections.abc import Collection

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from emca_daemon.asn1 import ber, cms, cms_agreement, cms_content, cms_password, cms_signatures
from emca_daemon.asn1.cms_algorithms import digest_name, hash_of
from emca_daemon.asn1.cms_enveloped import Enveloped, KeyAgreement, KeyTransport
from emca_daemon.errors import Reason, Refused
from emca_daemon.randomness import RandomBytes

RSAES_OAEP = "1.2.840.113549.1.1.7"


def decrypt_with_key(
    enveloped: Enveloped,
    recipient: KeyTransport | KeyAgreement,
    key: PrivateKeyTypes,
    *,
    ciphers: Collection[str],
    random: RandomBytes,
) -> bytes:
    """The content for a recipient whose key this is; `ciphers` names the content ciphers allowed.

    Raises Refused: ALGORITHM_REFUSED, MALFORMED, BAD_INTEGRITY (`cms_content.undecryptable`), UNAVAILABLE when the key
    cannot be reached.
    """
    check_cipher(enveloped, ciphers)
    content_key = _transported(recipient, key) if isinstance(recipient, KeyTransport) else _agreed(recipient, key)
    return _decrypt(enveloped, content_key, random)


def decrypt_with_password(
    enveloped: Enveloped, password: bytes, *, ciphers: Collection[str], random: RandomBytes
) -> bytes:
    """The content for whoever knows the password; raises as `decrypt_with_key`, NOT_FOUND if none is asked."""
    check_cipher(enveloped, ciphers)
    recipient = enveloped.password_recipient()
    if recipient is None:
        raise Refused(Reason.NOT_FOUND, "the envelope is not for a password")
    content_key = cms_password.unwrap(
        password, recipient.derivation, recipient.algorithm, recipient.encrypted_key, ciphers=ciphers
    )
    return _decrypt(enveloped, content_key, random)


def oaep_digest(enveloped: Enveloped) -> str | None:
    """The digest of RSAES-OAEP by which the content key was wrapped; None where PKCS #1 v1.5 or no RSA key was used."""
    for recipient in enveloped.recipients:
        if isinstance(recipient, KeyTransport):
            try:
                scheme = _encryption_padding(recipient.algorithm)
            except Refused:
                continue  # another recipient's affair: ours has been opened
            if isinstance(scheme, padding.OAEP):
                return scheme.algorithm.name
    return None


def check_cipher(enveloped: Enveloped, ciphers: Collection[str]) -> None:
    """Raise Refused(ALGORITHM_REFUSED) unless the content cipher is allowed."""
    if enveloped.cipher.name not in ciphers:
        raise Refused(Reason.ALGORITHM_REFUSED, f"the cipher {enveloped.cipher.name} is not allowed here")


def _decrypt(enveloped: Enveloped, content_key: bytes | None, random: RandomBytes) -> bytes:
    cipher = enveloped.cipher
    substitute = random(cipher.key_size)  # drawn in any case: the time must not tell either
    right = content_key is not None and len(content_key) == cipher.key_size
    chosen = content_key if right and content_key is not None else substitute
    return cms_content.decrypt(
        cipher, enveloped.parameters, chosen, enveloped.ciphertext, enveloped.authenticated, enveloped.mac
    )


def _transported(recipient: KeyTransport, key: PrivateKeyTypes) -> bytes | None:
    if not isinstance(key, rsa.RSAPrivateKey):
        raise Refused(Reason.ALGORITHM_REFUSED, "the recipient's key is not an RSA key")
    scheme = _encryption_padding(recipient.algorithm)
    try:
        return key.decrypt(recipient.encrypted_key, scheme)
    except ValueError:
        return None


def _agreed(recipient: KeyAgreement, key: PrivateKeyTypes) -> bytes | None:
    if not isinstance(key, cms_agreement.AgreementPrivateKey):
        raise Refused(Reason.ALGORITHM_REFUSED, "the recipient's key agrees on no keys")
    originator = cms_agreement.read_originator(key, *recipient.originator)
    return cms_agreement.unwrap(key, originator, recipient.algorithm, recipient.user_material, recipient.encrypted_key)


def _encryption_padding(algorithm: cms.Algorithm) -> padding.AsymmetricPadding:
    """PKCS #1 v1.5 (parameters absent or NULL), or OAEP with its parameters (RFC 4055 4.1)."""
    if algorithm.oid == cms_signatures.RSA_ENCRYPTION:
        return padding.PKCS1v15()
    if algorithm.oid != RSAES_OAEP:
        raise Refused(Reason.ALGORITHM_REFUSED, f"the key transport {algorithm.oid} is not known")
    digest, mask, label = "sha1", "sha1", b""
    for part in ber.elements(ber.element(algorithm.parameters or b"\x30\x00").content, 3):
        inner = ber.element(part.content)
        if part.tag == 0xA0:
            digest = digest_name(cms.read_algorithm(inner.encoded).oid)
        elif part.tag == 0xA1:
            mask = cms_signatures.mask_digest(inner.encoded)
        elif part.tag == 0xA2:
            label = ber.element(cms.read_algorithm(inner.encoded).parameters or b"\x04\x00").content
        else:
            raise Refused(Reason.ALGORITHM_REFUSED, "such parameters of RSAES-OAEP are not supported")
    return padding.OAEP(padding.MGF1(hash_of(mask)), hash_of(digest), label or None)
