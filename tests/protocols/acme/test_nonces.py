"""Replay nonces."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.nonces import Nonces, NonceSweep, nonce_key
from emca_daemon.randomness import system_random
from emca_daemon.settings.model import StoreSettings
from emca_daemon.store.database import open_engine
from emca_daemon.store.migrating import migrate
from emca_daemon.store.transactions import SqlStore
from tests.support.ca_world import FakeClock

LIFETIME = timedelta(hours=12)
KEY = bytes(range(32))


def nonces(clock: FakeClock | None = None, *, key: bytes = KEY, endpoint: str = "main") -> Nonces:
    """The nonces of one process."""
    return Nonces(key, endpoint, LIFETIME, clock or FakeClock(), system_random)


def memory_store() -> SqlStore:
    """An empty store."""
    engine = open_engine(StoreSettings(url="sqlite:///:memory:"))
    migrate(engine)
    return SqlStore(engine)


def test_every_process_accepts_every_nonce_for_hours() -> None:
    """Another process with the same key, eleven hours later."""
    clock = FakeClock()
    nonce = nonces(clock).fresh()
    clock.advance(hours=11)
    assert len(nonces(clock).read(nonce)) == 32


def test_nonces_do_not_repeat() -> None:
    """Even at one moment."""
    source = nonces()
    assert len({source.fresh() for _ in range(100)}) == 100


def test_nonces_grow_old() -> None:
    """After its lifetime a nonce is no good."""
    clock = FakeClock()
    nonce = nonces(clock).fresh()
    clock.advance(hours=12, seconds=2)
    with pytest.raises(Refused) as refused:
        nonces(clock).read(nonce)
    assert refused.value.reason is Reason.REPLAYED


@pytest.mark.parametrize("other", [nonces(key=bytes(32)), nonces(endpoint="other")])
def test_nonces_of_others_are_refused(other: Nonces) -> None:
    """Of another key, or of another endpoint of the same server."""
    with pytest.raises(Refused) as refused:
        nonces().read(other.fresh())
    assert refused.value.reason is Reason.REPLAYED


@pytest.mark.parametrize(
    ("text", "reason"),
    [(None, Reason.REPLAYED), ("", Reason.REPLAYED), ("AAAA", Reason.REPLAYED), ("=", Reason.MALFORMED)],
)
def test_what_is_no_nonce_is_refused(text: object, reason: Reason) -> None:
    """Missing, foreign (badNonce) or not base64url (malformed, RFC 8555 6.5.2)."""
    with pytest.raises(Refused) as refused:
        nonces().read(text)
    assert refused.value.reason is reason


@given(st.binary(min_size=32, max_size=32))
def test_nobody_makes_nonces_up(data: bytes) -> None:
    """Any other 32 octets are refused."""
    from tests.support.acme_client import b64

    with pytest.raises(Refused):
        nonces().read(b64(data))


def test_the_key_is_made_once() -> None:
    """The first process makes it, the others find it."""
    store = memory_store()
    assert nonce_key(store, lambda count: b"1" * count) == nonce_key(store, lambda count: b"2" * count) == b"1" * 32


def test_used_nonces_are_forgotten_when_too_old_to_be_accepted() -> None:
    """Not before: an hour of clock differences is added."""
    store, clock = memory_store(), FakeClock()
    old = nonces(clock).read(nonces(clock).fresh())
    clock.advance(hours=12)
    young = nonces(clock).read(nonces(clock).fresh())
    with store.writing() as tx:
        assert tx.acme.spend_nonce(old)
        assert tx.acme.spend_nonce(young)
    sweep = NonceSweep(store, LIFETIME)
    assert sweep.sweep(clock()) == 0
    clock.advance(hours=1, seconds=1)
    assert sweep.sweep(clock()) == 1
    with store.writing() as tx:
        assert not tx.acme.spend_nonce(young)
        assert tx.acme.spend_nonce(old)


def test_a_sweep_goes_on_until_all_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """In batches; but it ends, whatever the load."""
    monkeypatch.setattr("emca_daemon.protocols.acme.nonces._BATCH", 2)
    monkeypatch.setattr("emca_daemon.protocols.acme.nonces._BATCHES", 3)
    store, clock = memory_store(), FakeClock()
    with store.writing() as tx:
        for _ in range(9):
            tx.acme.spend_nonce(nonces(clock).read(nonces(clock).fresh()))
    clock.advance(hours=14)
    sweep = NonceSweep(store, LIFETIME)
    assert [sweep.sweep(clock()) for _ in range(3)] == [6, 3, 0]
