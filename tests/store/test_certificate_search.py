"""The contract of searching, on every database."""

import pytest

from emca_daemon.ca.records import CertificateQuery
from emca_daemon.store.certificate_rows import certificates
from emca_daemon.store.certificate_search import search_statement
from tests.contracts.certificates_contract import SearchContract
from tests.support.records import NOW


class TestSearch(SearchContract):
    """On SQLite in a file and in memory, and on PostgreSQL."""


@pytest.mark.parametrize("status", ["revoked", "held", "abandoned"])
def test_few_among_many_are_asked_for_in_the_words_of_their_index(status: str) -> None:
    """A partial index is used only where the question repeats its condition."""
    statement = str(search_statement(CertificateQuery(status=status), NOW))
    (index,) = (one for one in certificates.indexes if one.name == "ix_certificates_revoked")
    assert f"certificates.{index.dialect_options['postgresql']['where']}" in statement
