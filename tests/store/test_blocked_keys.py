"""Blocked keys; what is asked of them is in the contract of certificates."""

from emca_daemon.store.blocked_keys import BLOCK, blocked_keys
from emca_daemon.store.transactions import SqlStore
from tests.support.records import NOW


def test_the_first_to_block_a_key_is_told(store: SqlStore) -> None:
    """The second changes nothing."""
    with store.writing() as tx:
        given = {"key_fingerprint": bytes(32), "created": NOW}
        assert BLOCK.run(tx._connection, given)
        assert not BLOCK.run(tx._connection, given)
        assert len(tx._connection.execute(blocked_keys.select()).all()) == 1
