"""Private keys whose secret stays in a token, behind cryptography's own interfaces.

Digests are made here and the token signs them raw, which every token can and which sends the least to it.
"""

import hashlib
from collections.abc import Callable
from typing import NoReturn

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    CertificateIssuerPublicKeyTypes,
)
from cryptography.utils import Buffer
from pkcs11 import MGF, Mechanism

from emca_daemon.errors import Reason, Refused

SignRaw = Callable[[bytes, Mechanism, object], bytes]
"""Signs octets in the token with a mechanism and its parameter."""

Open = Callable[[bytes, padding.AsymmetricPadding], bytes | None]
"""Decrypts octets in the token and takes a padding off; None for whatever is wrong with them."""

_DIGESTS: dict[str, tuple[Mechanism, MGF, bytes]] = {  # DigestInfo without its digest: RFC 8017 9.2, note 1
    "sha1": (Mechanism.SHA_1, MGF.SHA1, bytes.fromhex("3021300906052b0e03021a05000414")),
    "sha224": (Mechanism.SHA224, MGF.SHA224, bytes.fromhex("302d300d06096086480165030402040500041c")),
    "sha256": (Mechanism.SHA256, MGF.SHA256, bytes.fromhex("3031300d060960864801650304020105000420")),
    "sha384": (Mechanism.SHA384, MGF.SHA384, bytes.fromhex("3041300d060960864801650304020205000430")),
    "sha512": (Mechanism.SHA512, MGF.SHA512, bytes.fromhex("3051300d060960864801650304020305000440")),
}


class _Kept:
    """What keys in a token have in common."""

    def private_bytes(
        self,
        encoding: serialization.Encoding,  # noqa: ARG002 - cryptography's interface
        format: serialization.PrivateFormat,  # noqa: A002, ARG002
        encryption_algorithm: serialization.KeySerializationEncryption,  # noqa: ARG002
    ) -> NoReturn:
        """Always raises Refused(NOT_PERMITTED)."""
        raise _stays()

    def private_bytes_raw(self) -> NoReturn:
        """Always raises Refused(NOT_PERMITTED)."""
        raise _stays()

    def private_numbers(self) -> NoReturn:
        """Always raises Refused(NOT_PERMITTED)."""
        raise _stays()

    def __reduce__(self) -> NoReturn:
        """Always raises Refused(NOT_PERMITTED): a key is not pickled."""
        raise _stays()


class TokenEllipticCurveKey(_Kept, ec.EllipticCurvePrivateKey):
    """An ECDSA key."""

    def __init__(self, public: ec.EllipticCurvePublicKey, sign_raw: SignRaw) -> None:
        """The public half, and what reaches the private one."""
        self._public = public
        self._sign_raw = sign_raw

    @property
    def curve(self) -> ec.EllipticCurve:
        """The curve."""
        return self._public.curve

    @property
    def key_size(self) -> int:
        """Bits of the curve."""
        return self._public.key_size

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half."""
        return self._public

    def sign(self, data: Buffer, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """An ECDSA signature as DER (RFC 3279 2.2.3)."""
        raw = self._sign_raw(_digest(data, signature_algorithm.algorithm)[1], Mechanism.ECDSA, None)
        half = len(raw) // 2
        return utils.encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> NoReturn:  # noqa: ARG002
        """Always raises UnsupportedAlgorithm: keys in tokens sign."""
        raise UnsupportedAlgorithm("keys in tokens do not exchange secrets")

    def __copy__(self) -> "TokenEllipticCurveKey":
        """Itself: there is one key."""
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> "TokenEllipticCurveKey":
        """Itself: there is one key."""
        return self


class TokenRsaKey(_Kept, rsa.RSAPrivateKey):
    """An RSA key."""

    def __init__(self, public: rsa.RSAPublicKey, sign_raw: SignRaw, open_wrapped: Open) -> None:
        """The public half, and what reaches the private one."""
        self._public = public
        self._sign_raw = sign_raw
        self._open = open_wrapped

    @property
    def key_size(self) -> int:
        """Bits of the modulus."""
        return self._public.key_size

    def public_key(self) -> rsa.RSAPublicKey:
        """The public half."""
        return self._public

    def sign(
        self,
        data: Buffer,
        padding: padding.AsymmetricPadding,
        algorithm: utils.Prehashed | hashes.HashAlgorithm | utils.NoDigestInfo,
    ) -> bytes:
        """A signature with PKCS #1 v1.5 or PSS padding; raises UnsupportedAlgorithm for anything else."""
        if isinstance(algorithm, utils.NoDigestInfo):
            raise UnsupportedAlgorithm("keys in tokens sign digests")
        name, digest = _digest(data, algorithm)
        if name not in _DIGESTS:
            raise UnsupportedAlgorithm(f"keys in tokens do not sign {name} digests")
        if padding.name == "EMSA-PKCS1-v1_5":
            return self._sign_raw(_DIGESTS[name][2] + digest, Mechanism.RSA_PKCS, None)
        return self._sign_raw(digest, Mechanism.RSA_PKCS_PSS, self._pss(padding, name, len(digest)))

    def _pss(self, asked: padding.AsymmetricPadding, name: str, digest_size: int) -> tuple[Mechanism, MGF, int]:
        """Hash, mask generation function and salt length, as PKCS#11 wants them."""
        if not isinstance(asked, padding.PSS):
            raise UnsupportedAlgorithm(f"keys in tokens do not pad with {asked.name}")
        mask = asked.mgf._algorithm.name  # noqa: SLF001 - cryptography shows it nowhere else
        if mask not in _DIGESTS:
            raise UnsupportedAlgorithm(f"keys in tokens do not mask with {mask}")
        salt = asked._salt_length  # noqa: SLF001 - cryptography shows it nowhere else
        if salt is padding.PSS.DIGEST_LENGTH:
            salt = digest_size
        elif not isinstance(salt, int):  # MAX_LENGTH; AUTO is for verifying, and signs as MAX_LENGTH does
            salt = (self.key_size + 6) // 8 - digest_size - 2
        return _DIGESTS[name][0], _DIGESTS[mask][1], salt

    def decrypt(self, ciphertext: Buffer, padding: padding.AsymmetricPadding) -> bytes:
        """The message; raises ValueError, always the same, for one that does not open.

        Raises Refused(ALGORITHM_REFUSED) where the key is not for decrypting or the token cannot, Refused(UNAVAILABLE).
        """
        message = self._open(bytes(ciphertext), padding)
        if message is None:
            raise ValueError("the ciphertext does not open")
        return message

    def __copy__(self) -> "TokenRsaKey":
        """Itself: there is one key."""
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> "TokenRsaKey":
        """Itself: there is one key."""
        return self


class TokenEd25519Key(_Kept, ed25519.Ed25519PrivateKey):
    """An Ed25519 key."""

    def __init__(self, public: ed25519.Ed25519PublicKey, sign_raw: SignRaw) -> None:
        """The public half, and what reaches the private one."""
        self._public = public
        self._sign_raw = sign_raw

    def public_key(self) -> ed25519.Ed25519PublicKey:
        """The public half."""
        return self._public

    def sign(self, data: Buffer) -> bytes:
        """A pure Ed25519 signature (RFC 8032)."""
        return self._sign_raw(bytes(data), Mechanism.EDDSA, None)

    def __copy__(self) -> "TokenEd25519Key":
        """Itself: there is one key."""
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> "TokenEd25519Key":
        """Itself: there is one key."""
        return self


class TokenEd448Key(_Kept, ed448.Ed448PrivateKey):
    """An Ed448 key."""

    def __init__(self, public: ed448.Ed448PublicKey, sign_raw: SignRaw) -> None:
        """The public half, and what reaches the private one."""
        self._public = public
        self._sign_raw = sign_raw

    def public_key(self) -> ed448.Ed448PublicKey:
        """The public half."""
        return self._public

    def sign(self, data: Buffer) -> bytes:
        """A pure Ed448 signature with an empty context (RFC 8032)."""
        return self._sign_raw(bytes(data), Mechanism.EDDSA, None)

    def __copy__(self) -> "TokenEd448Key":
        """Itself: there is one key."""
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> "TokenEd448Key":
        """Itself: there is one key."""
        return self


def token_key(
    public: CertificateIssuerPublicKeyTypes, sign_raw: SignRaw, open_wrapped: Open
) -> CertificateIssuerPrivateKeyTypes:
    """The private key for a public half; raises Refused(ALGORITHM_REFUSED) for kinds that tokens do not sign with.

    `open_wrapped` is asked by RSA keys alone.
    """
    if isinstance(public, ec.EllipticCurvePublicKey):
        return TokenEllipticCurveKey(public, sign_raw)
    if isinstance(public, rsa.RSAPublicKey):
        return TokenRsaKey(public, sign_raw, open_wrapped)
    if isinstance(public, ed25519.Ed25519PublicKey):
        return TokenEd25519Key(public, sign_raw)
    if isinstance(public, ed448.Ed448PublicKey):
        return TokenEd448Key(public, sign_raw)
    raise Refused(Reason.ALGORITHM_REFUSED, "keys of this kind do not sign from a token")


def _digest(data: Buffer, algorithm: utils.Prehashed | hashes.HashAlgorithm) -> tuple[str, bytes]:
    """The hash's name and the digest; raises UnsupportedAlgorithm, ValueError for a digest of the wrong length."""
    if isinstance(algorithm, utils.Prehashed):
        digest = bytes(data)
        if len(digest) != algorithm.digest_size:
            raise ValueError("the digest has not the length that its hash gives")
        return algorithm._algorithm.name, digest  # noqa: SLF001 - cryptography shows it nowhere else
    if algorithm.name not in _DIGESTS:
        return algorithm.name, hashes.Hash.hash(algorithm, bytes(data))
    return algorithm.name, hashlib.new(algorithm.name, data, usedforsecurity=False).digest()


def _stays() -> Refused:
    """The refusal to give a key out."""
    return Refused(Reason.NOT_PERMITTED, "a key in a token stays there")
