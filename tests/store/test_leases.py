"""The contract of leases, on every database."""

from tests.contracts.store_contract import LeasesContract


class TestLeases(LeasesContract):
    """On SQLite in a file and in memory, and on PostgreSQL."""
