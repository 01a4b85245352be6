"""ACME's tables."""

from emca_daemon.store import acme_tables
from emca_daemon.store.schema import metadata


def test_every_table_belongs_to_acme_and_has_a_key() -> None:
    """Their names say so."""
    tables = [table for name, table in metadata.tables.items() if name.startswith("acme_")]
    assert len(tables) == 16
    assert acme_tables.nonces in tables
    assert all(len(table.primary_key) for table in tables)
