"""Account keys: JWKs read strictly, and a bounded memory of those that are in use (RFC 7517, RFC 8555 6.2)."""

import json
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from josepy.b64 import b64encode
from josepy.errors import Error as JoseError
from josepy.jwk import JWK

from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.keys import key_facts, key_fingerprint
from emca_daemon.policy.weak_keys import WeakKeys
from emca_daemon.protocols.acme.algorithms import ALGORITHMS, JWKOKP, Algorithm
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem
from emca_daemon.protocols.acme.records import Account
from emca_daemon.protocols.json_text import read_base64url

_MEMBERS = {"RSA": ("n", "e"), "EC": ("x", "y"), "OKP": ("x",)}
"""The base64url members of each kind of public key."""

_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_MIN_RSA_BITS = 2048
_MAX_RSA_BITS = 8192
_MAX_EXPONENT_BITS = 64


@dataclass(frozen=True, slots=True)
class AccountKey:
    """A public key of an account, parsed."""

    jwk: JWK
    thumbprint: str

    @property
    def public_key(self) -> CertificatePublicKeyTypes:
        """The key as cryptography has it."""
        key = self.jwk.key  # josepy wraps RSA and EC keys
        return key if isinstance(self.jwk, JWKOKP) else key.public_numbers().public_key()  # type: ignore[no-any-return]

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 over its SubjectPublicKeyInfo."""
        return key_fingerprint(self.public_key)

    def text(self) -> str:
        """Canonical JSON, as the store keeps it."""
        return json.dumps(self.jwk.to_json(), sort_keys=True, separators=(",", ":"))


def read_jwk(value: object, weak_keys: WeakKeys) -> AccountKey:
    """The key that a request brings; raises Refused(MALFORMED) and Refused(KEY_REFUSED)."""
    if not isinstance(value, dict):
        raise Refused(Reason.MALFORMED, "the member `jwk` is not a JSON object")
    if not _PRIVATE.isdisjoint(value):
        raise Refused(Reason.KEY_REFUSED, "the member `jwk` holds a private or symmetric key")
    members = _MEMBERS.get(value.get("kty", "")) if isinstance(value.get("kty"), str) else None
    if members is None:
        raise Refused(Reason.KEY_REFUSED, "keys of this `kty` are not accepted")
    for name in members:
        read_base64url(value.get(name), f"the key's member `{name}`")
    key = _parse({name: value[name] for name in ("kty", "crv", *members) if name in value})
    _check_strength(key, weak_keys)
    return key


def read_stored(text: str) -> AccountKey:
    """The key of an account row."""
    return _parse(json.loads(text))


def algorithm_of(name: object) -> Algorithm:
    """The algorithm of that name; the refusal lists those that are accepted (RFC 8555 6.2)."""
    algorithm = ALGORITHMS.get(name) if isinstance(name, str) else None
    if algorithm is None:
        raise _bad_algorithm(f"the signature algorithm `{str(name)[:40]}` is not accepted")
    return algorithm


def check_signature(algorithm: Algorithm, key: AccountKey, message: bytes, signature: bytes) -> None:
    """Raises Refused(BAD_INTEGRITY) unless the signature verifies, badSignatureAlgorithm if the key cannot make it."""
    if not algorithm.fits(key.jwk):
        raise _bad_algorithm("the key cannot be used with that signature algorithm")
    if not algorithm.signature.verify(key.jwk.key, message, signature):
        raise Refused(Reason.BAD_INTEGRITY, "the signature does not verify")


def _bad_algorithm(detail: str) -> AcmeRefusal:
    problem = Problem("badSignatureAlgorithm", detail, members={"algorithms": list(ALGORITHMS)})
    return AcmeRefusal(problem, reason=Reason.ALGORITHM_REFUSED)


def _parse(value: dict[str, object]) -> AccountKey:
    try:
        jwk = JWK.from_json(value)
        if not isinstance(jwk, JWK):
            raise TypeError(value)
        thumbprint = b64encode(jwk.thumbprint()).decode()
    except (JoseError, ValueError, TypeError, KeyError, OverflowError):
        raise Refused(Reason.KEY_REFUSED, "the key in `jwk` cannot be read") from None
    return AccountKey(jwk, thumbprint)


def _check_strength(key: AccountKey, weak_keys: WeakKeys) -> None:
    if isinstance(key.jwk, JWKOKP):
        return
    public_key = key.public_key
    if isinstance(public_key, RSAPublicKey):
        _check_rsa_size(public_key)
    weaknesses = key_facts(public_key, weak_keys).weaknesses
    if weaknesses:
        raise Refused(Reason.KEY_REFUSED, "; ".join(weaknesses))


def _check_rsa_size(public_key: RSAPublicKey) -> None:
    """First of all: looking for weaknesses, and verifying, costs more than anybody's time with numbers of any size."""
    if not _MIN_RSA_BITS <= public_key.key_size <= _MAX_RSA_BITS:
        raise Refused(
            Reason.KEY_REFUSED, f"RSA keys have {_MIN_RSA_BITS} to {_MAX_RSA_BITS} bits, not {public_key.key_size}"
        )
    if public_key.public_numbers().e.bit_length() > _MAX_EXPONENT_BITS:
        raise Refused(Reason.KEY_REFUSED, f"RSA exponents have at most {_MAX_EXPONENT_BITS} bits")


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account as its row was, and its key, parsed."""

    account: Account
    key: AccountKey


def known_account(account: Account) -> KnownAccount:
    """The account of a row with its key."""
    return KnownAccount(account, read_stored(account.jwk))


class KeyMemory:
    """The accounts seen last with their keys; safe to call from several threads.

    It only spares reading and parsing: in the transaction in which a request is carried out the row is asked whether
    the account is still valid and the key still its own, since another process may have changed either. All else in
    the row may be old.
    """

    def __init__(self, size: int = 4096) -> None:
        self._size = size
        self._known: OrderedDict[str, KnownAccount] = OrderedDict()
        self._lock = Lock()

    def get(self, account_id: str) -> KnownAccount | None:
        """What is remembered of an account."""
        with self._lock:
            known = self._known.get(account_id)
            if known is not None:
                self._known.move_to_end(account_id)
            return known

    def put(self, known: KnownAccount) -> None:
        """Remember an account; the one used longest ago makes room."""
        with self._lock:
            self._known[known.account.id] = known
            self._known.move_to_end(known.account.id)
            if len(self._known) > self._size:
                self._known.popitem(last=False)
