"""The contract of users, on every database."""

from tests.contracts.credentials_contract import CredentialsContract


class TestCredentials(CredentialsContract):
    """On SQLite in a file and in memory, and on PostgreSQL."""
