"""The contract of the audit chain, on every database."""

from tests.contracts.store_contract import AuditContract


class TestAudit(AuditContract):
    """On SQLite in a file and in memory, and on PostgreSQL."""
