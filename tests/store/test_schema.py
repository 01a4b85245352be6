"""What all tables share."""

import emca_daemon.store.transactions  # noqa: F401 - brings every table with it
from emca_daemon.store.schema import metadata


def test_every_constraint_and_index_has_a_name() -> None:
    """Migrations change them by name."""
    for table in metadata.sorted_tables:
        assert table.primary_key.name == f"pk_{table.name}"
        assert all(str(index.name).startswith(f"ix_{table.name}_") for index in table.indexes)
