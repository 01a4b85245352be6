"""EncryptedKey (RFC 4211 2.1) as clients send it: an envelope for a secret or for a certificate."""

from emca_daemon.asn1 import cms, der
from emca_daemon.asn1.cms_enveloping import ToCertificate, ToPassword, envelop
from emca_daemon.randomness import system_random

PASSPHRASE = b"open sesame"
LOCAL_KEY_ID = "1.2.840.113549.1.9.21"


def encrypted_key(
    recipient: ToPassword | ToCertificate,
    identifier: bytes | None = b"my phrase",
    content: bytes = PASSPHRASE,
    attributes: bytes | None = None,
) -> bytes:
    """With a localKeyId, unless that is None or there are other attributes."""
    envelope = cms.read_content_info(envelop(content, [recipient], "aes-256-cbc", system_random))[1]
    inner = envelope[2 if envelope[1] < 0x80 else 2 + (envelope[1] & 0x7F) :]
    attribute = der.sequence(der.oid(LOCAL_KEY_ID), der.tlv(0x31, der.octet_string(identifier or b"")))
    given = attributes if attributes is not None else attribute if identifier is not None else b""
    return der.explicit(0, inner + (der.explicit(1, given) if given else b""))
