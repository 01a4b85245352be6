"""What every store must do for several threads and processes at once; run on each database that can be shared."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import pytest

from emca_daemon.ca.audit import verify
from emca_daemon.ca.ports import Store
from emca_daemon.errors import Reason, Refused
from emca_daemon.store.transactions import SqlStore
from tests.support.records import ISSUER, NOW, REVOKED, event, intent, issued, issuer

OpenStore = Callable[[], SqlStore]
Result = TypeVar("Result")
THREADS, TIMES = 4, 10


def together(work: Callable[[int], Result]) -> list[Result]:
    """Do it in several threads that start at the same moment."""
    start = threading.Barrier(THREADS)

    def started(number: int) -> Result:
        start.wait(10)
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(started, range(THREADS)))


class SharingContract:
    """A mixin: the class that takes it provides `open_store`, whose stores share one database."""

    def test_one_store_sees_what_another_committed(self, open_store: OpenStore) -> None:
        """And nothing before, nor does another thread of the same store."""
        one, other = open_store(), open_store()
        with one.writing() as writing:
            writing.issuers.add(issuer())
            assert count_issuers(other) == count_issuers(one) == 0
        assert count_issuers(other) == count_issuers(one) == 1

    def test_the_chain_holds_when_many_append(self, open_store: OpenStore) -> None:
        """Threads of one store and of another."""
        stores = [open_store(), open_store()]

        def append(number: int) -> None:
            for _ in range(TIMES):
                with stores[number % 2].writing() as tx:
                    tx.audit.append(event(str(number)))

        together(append)
        with stores[0].reading() as tx:
            report = verify(tx.audit.walk(), tx.audit.head())
        assert (report.events, report.fault) == (THREADS * TIMES, None)

    def test_crl_numbers_differ_whoever_draws_them(self, open_store: OpenStore) -> None:
        """Also the very first ones."""
        stores = [open_store(), open_store()]

        def draw(number: int) -> list[int]:
            drawn = []
            for _ in range(TIMES):
                with stores[number % 2].writing() as tx:
                    drawn.append(tx.crls.next_number(ISSUER)[0])
            return drawn

        drawn = [number for numbers in together(draw) for number in numbers]
        assert sorted(drawn) == list(range(1, THREADS * TIMES + 1))

    def test_a_serial_is_taken_by_one(self, open_store: OpenStore) -> None:
        """Of all that want it at the same moment."""
        store = open_store()

        def take(_number: int) -> Reason | None:
            try:
                with store.writing() as tx:
                    tx.certificates.intend(intent(serial=0x77))
            except Refused as refused:
                return refused.reason
            return None

        outcomes = together(take)
        assert outcomes.count(None) == 1
        assert outcomes.count(Reason.WRONG_STATE) == THREADS - 1

    def test_a_lease_is_taken_by_one(self, open_store: OpenStore) -> None:
        """Of all that want it at the same moment."""
        store = open_store()

        def take(number: int) -> bool:
            with store.writing() as tx:
                return tx.leases.take("crl", str(number), NOW, NOW + timedelta(minutes=1))

        assert sorted(together(take)) == [False] * (THREADS - 1) + [True]

    def test_a_change_waits_for_the_one_before(self, open_store: OpenStore) -> None:
        """A certificate found for a change is not changed meanwhile; the second revocation sees the first."""
        store = open_store()
        serial = issued(store).serial
        found, revoked = threading.Event(), threading.Event()

        def first() -> None:
            with store.writing() as tx:
                tx.certificates.find(ISSUER, serial)
                found.set()
                assert not revoked.wait(0.2)
                tx.certificates.revoke(ISSUER, serial, REVOKED)

        def second() -> object:
            found.wait(5)
            with store.writing() as tx:
                record = tx.certificates.find(ISSUER, serial)
                revoked.set()
                return record and record.revocation

        with ThreadPoolExecutor(2) as pool:
            before, after = pool.submit(first), pool.submit(second)
            before.result(10)
            assert after.result(10) == REVOKED

    def test_a_status_change_waits_for_the_crl(self, open_store: OpenStore) -> None:
        """While a number is drawn, no revocation is counted: a CRL is behind, or has it."""
        store = open_store()
        serial = issued(store).serial
        drawn, counted = threading.Event(), threading.Event()

        def publish() -> None:
            with store.writing() as tx:
                assert tx.crls.next_number(ISSUER) == (1, 0)
                drawn.set()
                assert not counted.wait(0.2)

        def revoke() -> None:
            drawn.wait(5)
            with store.writing() as tx:
                tx.certificates.revoke(ISSUER, serial, REVOKED)
                counted.set()

        with ThreadPoolExecutor(2) as pool:
            for task in [pool.submit(publish), pool.submit(revoke)]:
                task.result(10)
        with store.reading() as tx:
            assert tx.crls.changes(ISSUER) == 1

    @pytest.mark.slow
    def test_waiting_ends(self, open_store: OpenStore) -> None:
        """Who gets no lock in time is told to come back later, and can then."""
        store = open_store()
        locked, over = threading.Event(), threading.Event()

        def hold() -> None:
            with store.writing() as tx:
                tx.crls.next_number(ISSUER)
                locked.set()
                over.wait(30)

        with ThreadPoolExecutor(1) as pool:
            held = pool.submit(hold)
            locked.wait(5)
            with pytest.raises(Refused) as refused:
                draw_number(store)
            over.set()
            held.result(10)
        assert (refused.value.reason, refused.value.retry_after is not None) == (Reason.UNAVAILABLE, True)
        assert draw_number(store) == 2


def draw_number(store: Store) -> int:
    """A CRL number."""
    with store.writing() as tx:
        return tx.crls.next_number(ISSUER)[0]


def count_issuers(store: Store) -> int:
    """How many issuers a thread of its own sees."""

    def count() -> int:
        with store.reading() as tx:
            return len(tx.issuers.all())

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(count).result(10)
