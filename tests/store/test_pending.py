"""The contract of requests that wait, on every database."""

from tests.contracts.store_contract import PendingContract


class TestPending(PendingContract):
    """On SQLite in a file and in memory, and on PostgreSQL."""
