"""Decryption with RSA keys in a token, by whichever mechanism the token has for it.

A token that takes a padding's mechanism and parameters takes off the padding, too. Where it does not, it does the bare
RSA operation and the padding comes off here. Which of the two it is is found out with a message of our own, once a
padding: what a token answers to somebody else's message says nothing of what it can do, and decides nothing.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pkcs11 import MGF, Mechanism, MechanismFlag

from emca_daemon.errors import Reason, Refused
from emca_daemon.randomness import RandomBytes
from emca_daemon.signers import rsa_padding
from emca_daemon.signers.pkcs11_token import Session

DecryptRaw = Callable[[bytes, Mechanism, object], bytes | None]
"""Decrypts octets in the token with a mechanism and its parameter; None for whatever it does not decrypt."""

_SAMPLE = 16
"""Octets of the message that shows what a token can do: as many as an AES key has."""

_MECHANISMS = (Mechanism.RSA_PKCS, Mechanism.RSA_PKCS_OAEP, Mechanism.RSA_X_509)
_DIGESTS: dict[str, tuple[Mechanism, MGF]] = {
    "sha1": (Mechanism.SHA_1, MGF.SHA1),
    "sha224": (Mechanism.SHA224, MGF.SHA224),
    "sha256": (Mechanism.SHA256, MGF.SHA256),
    "sha384": (Mechanism.SHA384, MGF.SHA384),
    "sha512": (Mechanism.SHA512, MGF.SHA512),
}


@dataclass(frozen=True, slots=True)
class _Way:
    """A mechanism with its parameter, and what takes the padding off after it, if the token does not."""

    mechanism: Mechanism
    parameter: object = None
    finish: Callable[[bytes], bytes | None] = bytes


def offered(session: Session) -> frozenset[Mechanism]:
    """The mechanisms by which the token decrypts with RSA keys; raises PKCS11Error."""
    slot = session.raw.token.slot
    return frozenset(
        one
        for one in _MECHANISMS
        if one in session.mechanisms and MechanismFlag.DECRYPT in slot.get_mechanism_info(one).flags
    )


def demand(session: Session) -> None:
    """Raises Refused(ALGORITHM_REFUSED) for a token that opens nothing of what SCEP's clients send; PKCS11Error."""
    if not offered(session) & {Mechanism.RSA_PKCS, Mechanism.RSA_X_509}:
        raise Refused(
            Reason.ALGORITHM_REFUSED, "the token does not decrypt: it offers neither CKM_RSA_PKCS nor CKM_RSA_X_509"
        )


class Decryption:
    """What one RSA key in a token decrypts."""

    def __init__(
        self, public: rsa.RSAPublicKey, mechanisms: Collection[Mechanism], decrypt_raw: DecryptRaw, random: RandomBytes
    ) -> None:
        """`mechanisms` are those that the token offers for it (`offered`)."""
        self._public = public
        self._mechanisms = mechanisms
        self._decrypt_raw = decrypt_raw
        self._random = random
        self._size = (public.key_size + 7) // 8
        self._modulus = public.public_numbers().n
        self._found: dict[tuple[str, ...], Mechanism] = {}

    def open(self, ciphertext: bytes, scheme: padding.AsymmetricPadding) -> bytes | None:
        """The message, None for all that is wrong with the ciphertext.

        Raises Refused: ALGORITHM_REFUSED where the token cannot take off such a padding, UNAVAILABLE.
        """
        way = self._way(scheme)
        if len(ciphertext) != self._size or int.from_bytes(ciphertext) >= self._modulus:
            return None
        return self._try(way, ciphertext)

    def _way(self, scheme: padding.AsymmetricPadding) -> _Way:
        """How this padding is taken off: as it was the last time, or by what opens a message of ours."""
        name = _name(scheme)
        ways = [way for way in self._ways(scheme) if way.mechanism in self._mechanisms]
        for way in ways:
            if self._found.get(name) is way.mechanism:
                return way
        for way in ways:
            if self._opens_ours(way, scheme):
                self._found[name] = way.mechanism
                return way
        raise Refused(Reason.ALGORITHM_REFUSED, f"the token does not decrypt {' '.join(name)} with this key")

    def _ways(self, scheme: padding.AsymmetricPadding) -> Iterator[_Way]:
        """The token's own first."""
        if not isinstance(scheme, padding.OAEP):
            yield _Way(Mechanism.RSA_PKCS)
            yield _Way(Mechanism.RSA_X_509, None, lambda block: rsa_padding.without_pkcs1_v15(self._whole(block)))
            return
        digest, mask, label = _parameters(scheme)
        if digest.name in _DIGESTS and mask.name in _DIGESTS:
            parameter = (_DIGESTS[digest.name][0], _DIGESTS[mask.name][1], label or None)
            yield _Way(Mechanism.RSA_PKCS_OAEP, parameter)
        yield _Way(
            Mechanism.RSA_X_509, None, lambda block: rsa_padding.without_oaep(self._whole(block), digest, mask, label)
        )

    def _whole(self, block: bytes) -> bytes:
        """The block with the zeros at its beginning, which some tokens leave out."""
        return block.rjust(self._size, b"\x00")

    def _opens_ours(self, way: _Way, scheme: padding.AsymmetricPadding) -> bool:
        sample = self._random(_SAMPLE)
        return self._try(way, self._public.encrypt(sample, scheme)) == sample

    def _try(self, way: _Way, ciphertext: bytes) -> bytes | None:
        opened = self._decrypt_raw(ciphertext, way.mechanism, way.parameter)
        return None if opened is None else way.finish(opened)


def _name(scheme: padding.AsymmetricPadding) -> tuple[str, ...]:
    """What is remembered of a padding; a label's text is the requester's, and is not."""
    if isinstance(scheme, padding.PKCS1v15):
        return ("PKCS #1 v1.5",)
    if not isinstance(scheme, padding.OAEP):
        raise UnsupportedAlgorithm(f"keys in tokens do not take off {scheme.name}")
    digest, mask, label = _parameters(scheme)
    return ("OAEP", digest.name, mask.name, *(("with a label",) if label else ()))


def _parameters(scheme: padding.OAEP) -> tuple[hashes.HashAlgorithm, hashes.HashAlgorithm, bytes]:
    """Digest, the mask's digest and label; cryptography shows the latter two nowhere else."""
    return scheme.algorithm, scheme.mgf._algorithm, scheme._label or b""  # noqa: SLF001
