"""The contract of certificates, on every database."""

import pytest

from emca_daemon.ca.records import RevokedEntry
from emca_daemon.names import SerialNumber
from emca_daemon.store import certificates
from emca_daemon.store.transactions import SqlStore
from tests.contracts.certificates_contract import IssuingContract, RevocationContract
from tests.support.records import ISSUER, NOW, REVOKED, intent, revoked


class TestIssuing(IssuingContract):
    """On SQLite in a file and in memory, and on PostgreSQL."""


class TestRevocation(RevocationContract):
    """On SQLite in a file and in memory, and on PostgreSQL."""


@pytest.mark.parametrize("entries", [3, 4, 5])
def test_the_revoked_list_goes_on_from_page_to_page(
    store: SqlStore, entries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether or not the last page is full."""
    monkeypatch.setattr(certificates, "_PAGE", 2)
    monkeypatch.setattr(certificates, "_REVOKED", certificates._REVOKED.limit(2))
    for serial in range(1, entries + 1):
        revoked(store, intent(serial=serial))
    with store.reading() as tx:
        listed = list(tx.certificates.revoked(ISSUER, NOW))
    assert listed == [RevokedEntry(SerialNumber(serial), REVOKED) for serial in range(1, entries + 1)]
