"""The contract of searching, on every database."""

from tests.contracts.certificates_contract import SearchContract


class TestSearch(SearchContract):
    """On SQLite in a file and in memory, and on PostgreSQL."""
