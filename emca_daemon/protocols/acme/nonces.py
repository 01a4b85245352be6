"""Replay nonces that prove themselves, and are spent in the store (RFC 8555 6.5).

A nonce is the time of its making (5 octets, seconds), 11 random octets, and the first 16 octets of an HMAC-SHA256
over both and the endpoint's name, in base64url. The key lives in the store, so that every process and host accepts
every nonce, after restarts too; nothing is kept of a nonce before it is used. Used ones are rows whose order is that
of their times.
"""

import hmac
from datetime import datetime, timedelta

from josepy.b64 import b64encode

from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.ports import AcmeStore
from emca_daemon.protocols.json_text import read_base64url
from emca_daemon.randomness import RandomBytes

_TIME = 5
_RANDOM = 11
_MAC = 16
_LENGTH = _TIME + _RANDOM + _MAC
_SKEW = timedelta(hours=1)
"""How much longer than their lifetime used nonces are kept, for hosts whose clocks disagree."""

_BATCH = 1000
_BATCHES = 1000
"""How many nonces a transaction forgets, and how many transactions a sweep has at the most."""

KEY_NAME = "acme-nonces"


def nonce_key(store: AcmeStore, random: RandomBytes) -> bytes:
    """The key that all processes share, made by the first of them; call once when starting."""
    with store.writing() as tx:
        return tx.acme.secret(KEY_NAME, random(32))


class Nonces:
    """Makes and recognises the nonces of one endpoint, without the store."""

    def __init__(self, key: bytes, endpoint: str, lifetime: timedelta, clock: Clock, random: RandomBytes) -> None:
        self._key = hmac.digest(key, endpoint.encode(), "sha256")
        self._lifetime = lifetime
        self._clock = clock
        self._random = random

    def fresh(self) -> str:
        """A new nonce."""
        content = int(self._clock().timestamp()).to_bytes(_TIME, "big") + self._random(_RANDOM)
        return b64encode(content + self._mac(content)).decode()

    def read(self, text: object) -> bytes:
        """The nonce to be spent; raises Refused(REPLAYED) if it is not one of ours or too old."""
        if text is None:
            raise Refused(Reason.REPLAYED, "the request carries no nonce")
        nonce = read_base64url(text, "the nonce")
        content = nonce[: _TIME + _RANDOM]
        if len(nonce) != _LENGTH or not hmac.compare_digest(self._mac(content), nonce[_TIME + _RANDOM :]):
            raise Refused(Reason.REPLAYED, "the nonce is not one of this server's")
        if int.from_bytes(nonce[:_TIME], "big") < (self._clock() - self._lifetime).timestamp():
            raise Refused(Reason.REPLAYED, "the nonce is too old")
        return nonce

    def _mac(self, content: bytes) -> bytes:
        return hmac.digest(self._key, content, "sha256")[:_MAC]


class NonceSweep:
    """Forgets used nonces that are too old to be accepted again; called now and then, off the request path."""

    def __init__(self, store: AcmeStore, lifetime: timedelta) -> None:
        """`lifetime` is the longest of all endpoints'."""
        self._store = store
        self._lifetime = lifetime

    def sweep(self, now: datetime) -> int:
        """Forget what is too old; how many they were. Many short transactions, so that nobody waits long."""
        before = int((now - self._lifetime - _SKEW).timestamp()).to_bytes(_TIME, "big")
        forgotten = 0
        for _ in range(_BATCHES):
            with self._store.writing(durable=False) as tx:
                count = tx.acme.purge_nonces(before, _BATCH)
            forgotten += count
            if count < _BATCH:
                break
        return forgotten
