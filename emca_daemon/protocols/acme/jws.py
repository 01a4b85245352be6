"""Signed requests as RFC 8555 6.2 has them: flattened JWS, and strictly so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.account_keys import AccountKey, algorithm_of, check_signature
from emca_daemon.protocols.acme.algorithms import Algorithm
from emca_daemon.protocols.json_text import read_base64url, read_object


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """A JWS taken apart, its signature not yet checked.

    `signed` are the bytes that the signature covers; `jwk` and `kid` the header's members, one of them None.
    """

    algorithm: Algorithm
    header: Mapping[str, object]
    payload: bytes
    signed: bytes
    signature: bytes

    @property
    def jwk(self) -> object:
        """The key that the header brings, None if it names one."""
        return self.header.get("jwk")

    @property
    def kid(self) -> object:
        """The account that the header names, None if it brings a key."""
        return self.header.get("kid")

    @property
    def url(self) -> object:
        """The header's `url`."""
        return self.header.get("url")

    def verify(self, key: AccountKey) -> None:
        """Raises Refused unless the key signed this."""
        check_signature(self.algorithm, key, self.signed, self.signature)


def read_signed(body: bytes) -> SignedMessage:
    """Take a request body apart; raises Refused(MALFORMED), and badSignatureAlgorithm for a foreign `alg`."""
    return read_flattened(read_object(body, "the request"))


def read_flattened(message: Mapping[str, object]) -> SignedMessage:
    """The same for JSON that was read already (the inner JWS of a key change)."""
    parts = take_apart(message)
    algorithm = algorithm_of(parts.header.get("alg"))
    return SignedMessage(algorithm, parts.header, parts.payload, parts.signed, parts.signature)


class Parts(NamedTuple):
    """The parts of a flattened JWS; `signed` are the bytes that the signature or MAC covers."""

    header: Mapping[str, object]
    payload: bytes
    signed: bytes
    signature: bytes


def take_apart(message: Mapping[str, object]) -> Parts:
    """The parts of a flattened JWS, whatever its algorithm; raises Refused(MALFORMED)."""
    if "signatures" in message:
        raise Refused(Reason.MALFORMED, "the JWS is in the general form; the flattened one is wanted")
    if "header" in message:
        raise Refused(Reason.MALFORMED, "the JWS has an unprotected header")
    protected, payload = message.get("protected"), message.get("payload")
    header = read_object(read_base64url(protected, "the member `protected`"), "the protected header")
    content = read_base64url(payload, "the member `payload`")
    signature = read_base64url(message.get("signature"), "the member `signature`")
    if "crit" in header or "b64" in header:
        raise Refused(Reason.MALFORMED, "the protected header has a critical extension")
    if (header.get("jwk") is None) == (header.get("kid") is None):
        raise Refused(Reason.MALFORMED, "the protected header has not exactly one of `jwk` and `kid`")
    return Parts(header, content, f"{protected}.{payload}".encode(), signature)
