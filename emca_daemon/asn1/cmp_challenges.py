"""Challenges that prove possession of a key that decrypts: Challenge, Rand and their answers (RFC 9810 5.2.8.3.3)."""

from emca_daemon.asn1 import der
from emca_daemon.asn1.values import encoded, sequence_parts
from emca_daemon.errors import Reason, Refused

MAXIMUM_RESPONSES = 100

_SHA256 = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"))
_INTEGER = b"\x02"


def rand(number: int, sender: bytes) -> tuple[bytes, bytes]:
    """Rand for the GeneralName of who sends the challenge, and the INTEGER in it, which the witness is a hash of."""
    integer = der.integer(number)
    return der.sequence(integer, sender), integer


def challenge_content(witness: bytes, challenge: bytes, encrypted_rand: bytes | None = None) -> bytes:
    """POPODecKeyChallContent with one challenge, whose one-way function is SHA-256.

    `encrypted_rand` is EnvelopedData; the challenge of version 2 is empty then.
    """
    enveloped = b"" if encrypted_rand is None else der.explicit(0, encrypted_rand)
    return der.sequence(der.sequence(_SHA256, der.octet_string(witness), der.octet_string(challenge), enveloped))


def challenge_responses(data: bytes) -> tuple[bytes, ...]:
    """POPODecKeyRespContent: each INTEGER in DER, of which there is one for a number; raises Refused(MALFORMED)."""
    parts = sequence_parts(data, "POPODecKeyRespContent")
    if len(parts) > MAXIMUM_RESPONSES or any(part.tag_bytes != _INTEGER for part in parts):
        raise Refused(Reason.MALFORMED, f"a POPODecKeyRespContent is a list of {MAXIMUM_RESPONSES} numbers at the most")
    return tuple(map(encoded, parts))
