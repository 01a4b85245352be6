"""HTTP Digest (RFC 7616) with SHA-256, and with MD5 for clients that know nothing else.

A nonce tells its own age and verifies itself with a key that all processes share; how often it was used is counted in
the store, so that no request can be sent twice, to whichever process.
"""

import binascii
import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from emca_daemon.ca.credentials import Credential, CredentialStore
from emca_daemon.ca.passwords import Lockout, wrong_password
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.http import Request
from emca_daemon.protocols.http_parameters import read_parameters
from emca_daemon.protocols.http_users import HttpUser
from emca_daemon.randomness import RandomBytes

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME, _RANDOM, _MAC = 6, 10, 16
_MOST_USES: Final = 0x7FFF_FFFF
_NAMES: Final = {"sha256": "SHA-256", "md5": "MD5"}


class StaleNonce(Refused):
    """The answer may have been right, but the nonce is old or was used: the client tries again with a new one."""

    def __init__(self) -> None:
        super().__init__(Reason.REPLAYED, "the nonce of the Digest answer is stale")


class DigestCheck:
    """Makes and verifies Digest challenges of one realm."""

    def __init__(
        self,
        store: CredentialStore,
        lockout: Lockout,
        *,
        realm: str,
        algorithms: tuple[str, ...],
        lifetime: timedelta,
        key: bytes,
        clock: Clock,
        random: RandomBytes,
    ) -> None:
        """`algorithms` are those offered, `sha256` or `md5`; `key` is the one that all processes share."""
        self._store = store
        self._lockout = lockout
        self._realm = realm
        self._algorithms = algorithms
        self._lifetime = lifetime
        self._key = key
        self._clock = clock
        self._random = random
        self._decoy = random(32).hex()

    def challenge(self, algorithm: str, *, stale: bool) -> str:
        """What the WWW-Authenticate field says.

        MD5 is not named and everything is quoted: what Bouncy Castle's client expects (MD5 is the default of
        RFC 7616 3.3).
        """
        parts = [f'qop="auth", realm="{self._realm}", nonce="{self._fresh_nonce()}"']
        if algorithm != "md5":
            parts.append(f"algorithm={_NAMES[algorithm]}")
        if stale:
            parts.append('stale="true"' if algorithm == "md5" else "stale=true")
        return "Digest " + ", ".join(parts)

    def verify(self, text: str, request: Request) -> HttpUser:
        """The user; raises Refused(NOT_AUTHENTICATED), or StaleNonce."""
        given = read_parameters(text)
        now = self._clock()
        algorithm = self._algorithm(given)
        nonce, expires = self._read_nonce(given.get("nonce", ""), now)
        with self._store.reading() as tx:
            credential = tx.credentials.get(self._realm, user_name(given))
        right = self._is_right(given, algorithm, request, credential)
        if credential is None or credential.locked(now):
            raise wrong_password()
        if not right:
            self._lockout.failed(credential, now)
            raise wrong_password()
        self._use(nonce, given["nc"], expires)
        self._lockout.succeeded(credential)
        return HttpUser(credential.name, "password", credential.groups)

    def _algorithm(self, given: Mapping[str, str]) -> str:
        wanted = given.get("algorithm", "MD5").upper()
        for algorithm in self._algorithms:
            if _NAMES[algorithm] == wanted:
                return algorithm
        raise Refused(Reason.NOT_AUTHENTICATED, "the Digest answer uses an algorithm that was not offered")

    def _is_right(
        self, given: Mapping[str, str], algorithm: str, request: Request, credential: Credential | None
    ) -> bool:
        stored = ""
        if credential is not None:
            stored = credential.ha1_sha256 if algorithm == "sha256" else credential.ha1_md5
        if given.get("qop") != "auth" or given.get("realm") != self._realm or not _same_target(given, request):
            return False
        count, client_nonce = given.get("nc", ""), given.get("cnonce", "")
        target = _hash(algorithm, f"{request.method}:{given['uri']}")
        text = f"{stored or self._decoy}:{given['nonce']}:{count}:{client_nonce}:auth:{target}"
        expected = _hash(algorithm, text)
        same = hmac.compare_digest(expected.encode(), given.get("response", "").lower().encode())
        return same and bool(stored) and _is_count(count)

    def _fresh_nonce(self) -> str:
        moment = int((self._clock() - _EPOCH).total_seconds()).to_bytes(_TIME, "big")
        body = moment + self._random(_RANDOM)
        return urlsafe_b64encode(body + self._seal(body)).decode()

    def _read_nonce(self, text: str, now: datetime) -> tuple[bytes, datetime]:
        try:
            raw = urlsafe_b64decode(text.encode("ascii"))
        except (binascii.Error, ValueError):
            raise StaleNonce from None
        body, seal = raw[: _TIME + _RANDOM], raw[_TIME + _RANDOM :]
        if len(seal) != _MAC or not hmac.compare_digest(seal, self._seal(body)):
            raise StaleNonce
        expires = _EPOCH + timedelta(seconds=int.from_bytes(body[:_TIME])) + self._lifetime
        if now >= expires:
            raise StaleNonce
        return body, expires

    def _seal(self, body: bytes) -> bytes:
        return hmac.digest(self._key, self._realm.encode() + b"\0" + body, "sha256")[:_MAC]

    def _use(self, nonce: bytes, count: str, expires: datetime) -> None:
        with self._store.writing(durable=False) as tx:
            if not tx.credentials.use_nonce(nonce, int(count, 16), expires):
                raise StaleNonce


def user_name(given: Mapping[str, str]) -> str:
    """The user's name: header fields are read as Latin-1, clients write UTF-8 into them."""
    name = given.get("username", "")[:255]
    try:
        return name.encode("latin-1").decode()
    except UnicodeError:
        return name


def _is_count(text: str) -> bool:
    try:
        return len(text) == 8 and 0 < int(text, 16) <= _MOST_USES
    except ValueError:
        return False


def _same_target(given: Mapping[str, str], request: Request) -> bool:
    """Whether the answer is about this request; the query counts, and an absolute URI is taken by its path."""
    target = f"{request.path}?{request.query}" if request.query else request.path
    uri = given.get("uri", "")
    if uri.lower().startswith(("https://", "http://")):
        uri = "/" + uri.split("/", 3)[3] if uri.count("/") > 2 else "/"
    return uri == target


def _hash(algorithm: str, text: str) -> str:
    return hashlib.new(algorithm, text.encode(), usedforsecurity=False).hexdigest()
