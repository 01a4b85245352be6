"""Token buckets."""

from collections.abc import Callable
from datetime import timedelta

from emca_daemon.settings.acme import Rate
from emca_daemon.store.transactions import SqlStore
from tests.support.records import NOW

RATE = Rate(3, timedelta(minutes=30))


def test_a_bucket_is_emptied_and_filled(store: SqlStore) -> None:
    """All at once if need be, then one every third of the window; each subject has its own."""
    with store.writing() as tx:
        assert tx.acme.tokens_left("a", NOW, RATE) == timedelta()
        assert [tx.acme.take_token("a", NOW, RATE) for _ in range(4)] == [True, True, True, False]
        assert tx.acme.take_token("b", NOW, RATE)
        assert tx.acme.tokens_left("a", NOW, RATE) == timedelta(minutes=10)
        later = NOW + timedelta(minutes=10)
        assert tx.acme.tokens_left("a", later, RATE) == timedelta()
        assert [tx.acme.take_token("a", later, RATE) for _ in range(2)] == [True, False]
        much_later = NOW + timedelta(days=1)
        assert [tx.acme.take_token("a", much_later, RATE) for _ in range(4)] == [True, True, True, False]


def test_full_buckets_are_forgotten(store: SqlStore) -> None:
    """They say nothing that no bucket would not."""
    with store.writing() as tx:
        tx.acme.take_token("a", NOW, RATE)
        assert tx.acme.forget_buckets(NOW) == 0
        assert tx.acme.forget_buckets(NOW + timedelta(minutes=11)) == 1


def test_all_processes_share_them(open_store: Callable[[], SqlStore]) -> None:
    """Over the database."""
    taken = []
    for store in (open_store(), open_store()):
        with store.writing() as tx:
            taken += [tx.acme.take_token("a", NOW, RATE) for _ in range(2)]
    assert taken == [True, True, True, False]
