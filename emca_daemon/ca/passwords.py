"""Passwords: how they are hashed, and how a guess is answered alike whatever was wrong with it."""

import hashlib
import hmac
from collections import OrderedDict
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from emca_daemon.ca.credentials import Credential, CredentialStore
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.randomness import RandomBytes

MOST_BYTES: Final = 1024
"""The longest password that is looked at."""

_MEMORY_KIB: Final = 19_456
_PASSES: Final = 2
_REMEMBERED: Final = 1024
_REMEMBERED_FOR: Final = timedelta(seconds=60)


def hash_password(password: str, random: RandomBytes) -> str:
    """Argon2id over the password in PHC form (RFC 9106): 19 MiB, two passes."""
    derivation = Argon2id(salt=random(16), length=32, iterations=_PASSES, lanes=1, memory_cost=_MEMORY_KIB)
    return derivation.derive_phc_encoded(password.encode())


def digest_secret(name: str, realm: str, password: str, algorithm: str) -> str:
    """HA1 of HTTP Digest (RFC 7616 3.4.2) in hexadecimal; `algorithm` is `sha256` or `md5`."""
    text = f"{name}:{realm}:{password}".encode()
    return hashlib.new(algorithm, text, usedforsecurity=False).hexdigest()


def new_credential(
    realm: str,
    name: str,
    password: str,
    *,
    now: datetime,
    random: RandomBytes,
    groups: frozenset[str] = frozenset(),
    digests: frozenset[str] = frozenset(),
) -> Credential:
    """A user; `digests` (`sha256`, `md5`) are the algorithms of HTTP Digest that they may use.

    Raises Refused(MALFORMED) for a name or realm with `:` in it, or a password that is empty or too long.
    """
    if not name or ":" in name + realm or not (name + realm).isprintable():
        raise Refused(Reason.MALFORMED, "a user's name and realm are printable text without a colon")
    if not 0 < len(password.encode()) <= MOST_BYTES:
        raise Refused(Reason.MALFORMED, f"a password has 1 to {MOST_BYTES} octets")
    return Credential(
        realm=realm,
        name=name,
        password=hash_password(password, random),
        created=now,
        groups=groups,
        ha1_sha256=digest_secret(name, realm, password, "sha256") if "sha256" in digests else "",
        ha1_md5=digest_secret(name, realm, password, "md5") if "md5" in digests else "",
    )


def with_password(credential: Credential, password: str, *, now: datetime, random: RandomBytes) -> Credential:
    """The user with another password, not locked; what Digest algorithms they may use stays."""
    digests = {name for name, value in (("sha256", credential.ha1_sha256), ("md5", credential.ha1_md5)) if value}
    fresh = new_credential(
        credential.realm,
        credential.name,
        password,
        now=now,
        random=random,
        groups=credential.groups,
        digests=frozenset(digests),
    )
    return replace(fresh, created=credential.created, version=credential.version)


class Lockout:
    """Counts wrong passwords of one user, in the store so that all processes count together."""

    def __init__(self, store: CredentialStore, attempts: int, duration: timedelta) -> None:
        """After `attempts` wrong ones in a row the user is locked for `duration`."""
        self._store = store
        self._attempts = attempts
        self._duration = duration

    def failed(self, credential: Credential, now: datetime) -> None:
        """One wrong password."""
        with self._store.writing(durable=False) as tx:
            tx.credentials.failed(credential.realm, credential.name, now, self._attempts, now + self._duration)

    def succeeded(self, credential: Credential) -> None:
        """A right one: what was counted is forgotten."""
        if credential.failures:
            with self._store.writing(durable=False) as tx:
                tx.credentials.succeeded(credential.realm, credential.name)


class PasswordCheck:
    """Verifies passwords.

    A user who does not exist, a locked one and a wrong password are refused with one text and at one cost. A password
    that was right is remembered for a minute (by a keyed hash, bound to the user's version), so that Argon2 is not in
    the way of a client with many requests.
    """

    def __init__(self, store: CredentialStore, lockout: Lockout, clock: Clock, random: RandomBytes) -> None:
        self._store = store
        self._lockout = lockout
        self._clock = clock
        self._key = random(32)
        self._decoy = hash_password(random(16).hex(), random)
        self._remembered: OrderedDict[bytes, datetime] = OrderedDict()

    def verify(self, realm: str, name: str, password: str) -> Credential:
        """The user with that password; raises Refused(NOT_AUTHENTICATED)."""
        now = self._clock()
        with self._store.reading() as tx:
            credential = tx.credentials.get(realm, name)
        if len(password.encode()) > MOST_BYTES:
            password = ""
        mark = self._mark(realm, name, password, credential)
        if credential is not None and not credential.locked(now) and self._recall(mark, now):
            return credential
        right = _matches(password, self._decoy if credential is None else credential.password)
        if credential is None or credential.locked(now):
            raise wrong_password()
        if not right:
            self._lockout.failed(credential, now)
            raise wrong_password()
        self._lockout.succeeded(credential)
        self._remember(mark, now)
        return credential

    def _mark(self, realm: str, name: str, password: str, credential: Credential | None) -> bytes:
        stored = "" if credential is None else credential.password
        text = "\0".join((realm, name, password, stored))
        return hmac.digest(self._key, text.encode(), "sha256")

    def _recall(self, mark: bytes, now: datetime) -> bool:
        until = self._remembered.get(mark)
        return until is not None and now < until

    def _remember(self, mark: bytes, now: datetime) -> None:
        # Taken out before it is put at the end, for threads that find no room meanwhile take the first one away.
        self._remembered.pop(mark, None)
        self._remembered[mark] = now + _REMEMBERED_FOR
        while len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)


def wrong_password() -> Refused:
    """The one answer to whatever was wrong."""
    return Refused(Reason.NOT_AUTHENTICATED, "the user or the password is wrong")


def _matches(password: str, encoded: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(password.encode(), encoded)
    except InvalidKey:
        return False
    return True
