"""The contract of issuers, on every database, and what holds between transactions."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

import pytest

from emca_daemon.ca.records import IssuerState
from emca_daemon.errors import Reason, Refused
from emca_daemon.settings.model import StoreSettings
from emca_daemon.store.database import open_engine
from emca_daemon.store.transactions import SqlStore
from tests.contracts.store_contract import IssuersContract
from tests.support.records import NOW, issuer


class TestIssuers(IssuersContract):
    """On SQLite in a file and in memory, and on PostgreSQL."""


@pytest.fixture(params=["sqlite_url", pytest.param("postgres_url", marks=pytest.mark.database)])
def impatient(request: pytest.FixtureRequest) -> Iterator[Callable[[], SqlStore]]:
    """Opens stores that share one database as processes do, and give up soon."""
    settings = StoreSettings(url=request.getfixturevalue(request.param), timeout=timedelta(milliseconds=300))
    with ExitStack() as stack:

        def opened() -> SqlStore:
            store = SqlStore(open_engine(settings), lambda: NOW)
            stack.callback(store.close)
            return store

        yield opened


def test_whoever_issues_holds_the_issuers_still(impatient: Callable[[], SqlStore]) -> None:
    """None is revoked between the question and the commit; after it, it is."""
    issuing, revoking = impatient(), impatient()
    revoked = replace(issuer(), state=IssuerState.REVOKED)
    with issuing.writing() as tx:
        tx.issuers.add(issuer())
    with issuing.writing() as tx:
        version = tx.issuers.version()
        with pytest.raises(Refused) as refused, revoking.writing() as other:
            other.issuers.update(revoked)
        assert tx.issuers.version() == version
    assert refused.value.reason is Reason.UNAVAILABLE
    with revoking.writing() as other:
        other.issuers.update(revoked)
        with pytest.raises(Refused), issuing.writing() as tx:
            tx.issuers.version()
    with issuing.writing() as tx:
        assert tx.issuers.version() != version


@pytest.mark.parametrize("impatient", [pytest.param("postgres_url", marks=pytest.mark.database)], indirect=True)
def test_two_may_issue_at_once(impatient: Callable[[], SqlStore]) -> None:
    """What holds the issuers still keeps nobody else from issuing."""
    one, another = impatient(), impatient()
    with one.writing() as first, another.writing() as second:
        assert first.issuers.version() == second.issuers.version()
