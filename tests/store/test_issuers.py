"""The contract of issuers, on every database."""

from tests.contracts.store_contract import IssuersContract


class TestIssuers(IssuersContract):
    """On SQLite in a file and in memory, and on PostgreSQL."""
