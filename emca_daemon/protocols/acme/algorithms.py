"""The signature algorithms of ACME requests: josepy's, and what it lacks or reads too narrowly (RFC 7518, RFC 8037)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from josepy.errors import DeserializationError
from josepy.json_util import decode_b64jose, encode_b64jose
from josepy.jwa import ES256, ES384, ES512, RS256, RS384, RS512, JWASignature
from josepy.jwk import JWK, JWKEC, JWKRSA

_CURVES: Mapping[str, type[Ed25519PublicKey] | type[Ed448PublicKey]] = {
    "Ed25519": Ed25519PublicKey,
    "Ed448": Ed448PublicKey,
}


@JWK.register
class JWKOKP(JWK):
    """An octet key pair's public half (RFC 8037 2): Ed25519 or Ed448."""

    typ = "OKP"
    cryptography_key_types = (Ed25519PublicKey, Ed448PublicKey)
    __slots__ = ("key",)
    required = ("crv", JWK.type_field_name, "x")
    key: Ed25519PublicKey | Ed448PublicKey

    @property
    def curve(self) -> str:
        """The name of its curve."""
        return next(name for name, kind in _CURVES.items() if isinstance(self.key, kind))

    def public_key(self) -> "JWKOKP":
        """Itself: private keys are not read."""
        return self

    def fields_to_partial_json(self) -> dict[str, str]:
        """The curve and the point."""
        return {"crv": self.curve, "x": encode_b64jose(self.key.public_bytes(Encoding.Raw, PublicFormat.Raw))}

    @classmethod
    def fields_from_json(cls, jobj: Mapping[str, Any]) -> "JWKOKP":
        """Read curve and point; raises DeserializationError or ValueError."""
        kind = _CURVES.get(jobj["crv"])
        if kind is None:
            raise DeserializationError("unknown curve")
        return cls(key=kind.from_public_bytes(decode_b64jose(jobj["x"])))


class EdwardsSignature(JWASignature):
    """EdDSA (RFC 8037 3.1)."""

    kty = JWKOKP

    def sign(self, key: Ed25519PrivateKey, msg: bytes) -> bytes:
        """Sign `msg`."""
        return key.sign(msg)

    def verify(self, key: Ed25519PublicKey | Ed448PublicKey, msg: bytes, sig: bytes) -> bool:
        """Whether `sig` is the key's signature on `msg`."""
        try:
            key.verify(sig, msg)
        except InvalidSignature:
            return False
        return True


class PssSignature(JWASignature):
    """RSASSA-PSS (RFC 7518 3.5): josepy's own takes only the longest salt, the RFC wants the hash's length."""

    kty = JWKRSA

    def __init__(self, name: str, algorithm: hashes.HashAlgorithm) -> None:
        super().__init__(name)
        self._hash = algorithm

    def sign(self, key: rsa.RSAPrivateKey, msg: bytes) -> bytes:
        """Sign `msg`."""
        return key.sign(msg, padding.PSS(padding.MGF1(self._hash), padding.PSS.DIGEST_LENGTH), self._hash)

    def verify(self, key: rsa.RSAPublicKey, msg: bytes, sig: bytes) -> bool:
        """Whether `sig` is the key's signature on `msg`, whatever the length of its salt."""
        try:
            key.verify(sig, msg, padding.PSS(padding.MGF1(self._hash), padding.PSS.AUTO), self._hash)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A signature algorithm and the keys it goes with; `curve` is a curve's name at cryptography, empty for any."""

    signature: JWASignature
    key_type: type[JWK]
    curve: str = ""

    def fits(self, jwk: JWK) -> bool:
        """Whether a key may be used with it."""
        return isinstance(jwk, self.key_type) and (not self.curve or jwk.key.curve.name == self.curve)


ALGORITHMS: Mapping[str, Algorithm] = {
    "ES256": Algorithm(ES256, JWKEC, "secp256r1"),
    "ES384": Algorithm(ES384, JWKEC, "secp384r1"),
    "ES512": Algorithm(ES512, JWKEC, "secp521r1"),
    "EdDSA": Algorithm(EdwardsSignature("EdDSA"), JWKOKP),
    "RS256": Algorithm(RS256, JWKRSA),
    "RS384": Algorithm(RS384, JWKRSA),
    "RS512": Algorithm(RS512, JWKRSA),
    "PS256": Algorithm(PssSignature("PS256", hashes.SHA256()), JWKRSA),
    "PS384": Algorithm(PssSignature("PS384", hashes.SHA384()), JWKRSA),
    "PS512": Algorithm(PssSignature("PS512", hashes.SHA512()), JWKRSA),
}
"""What we accept, by its name in JWS headers."""
