"""The contract of CRLs, on every database."""

from tests.contracts.store_contract import CrlsContract


class TestCrls(CrlsContract):
    """On SQLite in a file and in memory, and on PostgreSQL."""
