"""Keys that are known to be weak: arithmetic tests for RSA, and lists of keys whose private half is public.

Each weakness is one sentence for the requester. The tests are chosen to be cheap enough for every request.
"""

import hashlib
import math
from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.published_keys import PUBLISHED_KEYS
from emca_daemon.policy.roca import is_roca

FERMAT_ROUNDS = 100
"""How many candidates Fermat's method tries: each finds primes that share about half of their leading bits."""

_SMALL_PRIMES = tuple(p for p in range(3, 752) if all(p % d for d in range(2, math.isqrt(p) + 1)))
_SMALL_PRODUCT = math.prod(_SMALL_PRIMES)
"""No factor below 752, as the Baseline Requirements (6.1.6) ask."""

_SQUARE_FILTERS = tuple((m, frozenset(x * x % m for x in range(m))) for m in (64, 63, 65, 11, 17))
"""Residues that squares can have: nearly all other numbers are told apart without a root."""

_FINGERPRINT_LENGTHS = (64, 20)
"""Hexadecimal digits of SHA-256, and of what `modulus_digest` gives."""

_LARGEST_EXPONENT = 2**256 - 1
"""As the Baseline Requirements (6.1.6) have it; larger ones are slow, and OpenSSL takes them for small keys only."""


class WeakKeys:
    """Answers whether a key is weak, remembering the last answers by fingerprint.

    `known` are SHA-256 fingerprints of SubjectPublicKeyInfo, or modulus digests, of keys whose private halves are
    public (Debian's of CVE-2008-0166, leaked ones); see `read_fingerprints`. Those that standards print are known
    anyway. Safe to share by threads.
    """

    def __init__(self, known: Iterable[bytes] = (), *, remember: int = 4096) -> None:
        self._known = PUBLISHED_KEYS.union(known)
        self._remember = remember
        self._answers: OrderedDict[bytes, tuple[str, ...]] = OrderedDict()
        self._lock = Lock()

    def weaknesses(self, public_key: CertificatePublicKeyTypes, fingerprint: bytes) -> tuple[str, ...]:
        """One sentence for each weakness of the key with that fingerprint."""
        with self._lock:
            answer = self._answers.get(fingerprint)
            if answer is not None:
                self._answers.move_to_end(fingerprint)
                return answer
        answer = weaknesses_of(public_key)
        if fingerprint in self._known or modulus_digest(public_key) in self._known:
            answer = ("the private key is publicly known", *answer)
        with self._lock:
            self._answers[fingerprint] = answer
            if len(self._answers) > self._remember:
                self._answers.popitem(last=False)
        return answer


def weaknesses_of(public_key: CertificatePublicKeyTypes) -> tuple[str, ...]:
    """What the arithmetic of the key alone gives away; only RSA keys have any to look for.

    (cryptography refuses points that are not on their curve when it loads them.)
    """
    if not isinstance(public_key, rsa.RSAPublicKey):
        return ()
    numbers = public_key.public_numbers()
    return rsa_weaknesses(numbers.n, numbers.e)


def modulus_digest(public_key: CertificatePublicKeyTypes) -> bytes:
    """What the lists of Debian's `openssl-blacklist` know an RSA key by; empty for other keys.

    The last 10 octets of SHA-1 over what `openssl rsa -modulus` prints.
    """
    if not isinstance(public_key, rsa.RSAPublicKey):
        return b""
    printed = f"Modulus={public_key.public_numbers().n:X}\n".encode()
    return hashlib.sha1(printed, usedforsecurity=False).digest()[10:]


def rsa_weaknesses(modulus: int, exponent: int) -> tuple[str, ...]:
    """The weaknesses of an RSA public key (BR 6.1.1.3, 6.1.6)."""
    found: list[str] = []
    if exponent < 3:
        found.append("the public exponent is smaller than 3")
    if exponent % 2 == 0:
        found.append("the public exponent is even")
    if exponent > _LARGEST_EXPONENT:
        found.append("the public exponent has more than 256 bits")
    if modulus % 2 == 0:
        found.append("the modulus is even")
    elif math.gcd(modulus % _SMALL_PRODUCT, _SMALL_PRODUCT) != 1:
        found.append("the modulus has a small factor")
    elif _has_close_primes(modulus):
        found.append("the modulus is a product of close primes (Fermat)")
    if is_roca(modulus):
        found.append("the modulus bears the mark of the ROCA weakness (CVE-2017-15361)")
    return tuple(found)


def _has_close_primes(modulus: int) -> bool:
    """Whether Fermat's method factors an odd modulus within FERMAT_ROUNDS."""
    root = math.isqrt(modulus)
    if root * root == modulus:
        return True
    root += 1
    rest = root * root - modulus
    for _ in range(FERMAT_ROUNDS):
        if _is_square(rest):
            return True
        rest += 2 * root + 1
        root += 1
    return False


def _is_square(number: int) -> bool:
    """Whether a number that is not negative is a perfect square."""
    if any(number % m not in residues for m, residues in _SQUARE_FILTERS):
        return False
    root = math.isqrt(number)
    return root * root == number


def read_fingerprints(text: str, source: str) -> frozenset[bytes]:
    """Fingerprints of publicly known keys: one a line in hexadecimal, `#` starts a comment.

    Each is SHA-256 of a SubjectPublicKeyInfo, or stands in a list of Debian's `openssl-blacklist`.

    Raises Refused(MALFORMED) naming `source` and the line.
    """
    found: set[bytes] = set()
    for number, line in enumerate(text.splitlines(), 1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        try:
            fingerprint = bytes.fromhex(content) if len(content) in _FINGERPRINT_LENGTHS else b""
        except ValueError:
            fingerprint = b""
        if not fingerprint:
            raise Refused(
                Reason.MALFORMED,
                f"{source}, line {number}: neither a SHA-256 fingerprint nor the 20 digits of openssl-blacklist",
            )
        found.add(fingerprint)
    return frozenset(found)
