"""ACME's rows as one."""

from emca_daemon.protocols.acme.ports import AcmeReader, AcmeRows, AcmeStore
from emca_daemon.store.transactions import SqlStore
from tests.support.acme_records import account


def test_the_store_fulfils_acmes_ports(store: SqlStore) -> None:
    """Mypy checks the shape; what was written is read."""
    acme_store: AcmeStore = store
    with acme_store.writing() as tx:
        rows: AcmeRows = tx.acme
        assert rows.add_account(account())
    with acme_store.reading() as tx_reading:
        reader: AcmeReader = tx_reading.acme
        assert reader.account("acc") == account()
