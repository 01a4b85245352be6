"""ACME's accounts."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.records import KeyStanding
from emca_daemon.protocols.acme.states import AccountStatus
from emca_daemon.store.acme import AcmeWriter
from emca_daemon.store.transactions import SqlStore
from tests.support.acme_records import account
from tests.support.records import NOW

OTHER = "o" * 43


def test_an_account_comes_back_as_it_was_given(store: SqlStore) -> None:
    """By id and by key; the key is known to belong to an account."""
    with store.writing() as tx:
        assert tx.acme.add_account(account())
    with store.reading() as tx:
        assert tx.acme.account("acc") == tx.acme.account_by_key("main", "t" * 43) == account()
        assert tx.acme.account("other") is None
        assert tx.acme.account_by_key("other", "t" * 43) is None
        assert tx.acme.key_standing(account().key_fingerprint) == KeyStanding(of_account=True, blocked=False)
        assert tx.acme.key_standing(bytes(32)) == KeyStanding(of_account=False, blocked=False)


def test_a_blocked_key_stays_blocked(store: SqlStore) -> None:
    """However often it is said."""
    with store.writing() as tx:
        tx.certificates.block_key(bytes(32), NOW)
        tx.certificates.block_key(bytes(32), NOW)
        assert tx.acme.key_standing(bytes(32)) == KeyStanding(of_account=False, blocked=True)


def test_a_key_has_one_account_an_endpoint(store: SqlStore) -> None:
    """The second is told so, and the transaction goes on."""
    with store.writing() as tx:
        assert tx.acme.add_account(account())
        assert not tx.acme.add_account(account("second"))
        assert tx.acme.add_account(account("elsewhere", endpoint="other"))
        assert tx.acme.account("second") is None


def test_an_update_replaces_what_may_change(store: SqlStore) -> None:
    """Status, key, former keys, contacts, terms."""
    changed = replace(
        account(),
        status=AccountStatus.DEACTIVATED,
        jwk="{}",
        thumbprint=OTHER,
        key_fingerprint=b"x",
        contacts=(),
        terms_agreed=False,
        former_thumbprints=("b" * 43, "a" * 43),
    )
    with store.writing() as tx:
        tx.acme.add_account(account())
        assert tx.acme.update_account(changed, account().thumbprint)
        assert tx.acme.account("acc") == changed


def test_an_update_needs_the_expected_key(store: SqlStore) -> None:
    """Of two roll-overs at once one wins."""
    with store.writing() as tx:
        tx.acme.add_account(account())
        with pytest.raises(Refused) as refused:
            tx.acme.update_account(replace(account(), contacts=()), OTHER)
        assert refused.value.reason is Reason.WRONG_STATE


def test_a_key_in_use_is_not_taken(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Noticed before, and by the database if another transaction was faster."""
    wanted = replace(account(), thumbprint=OTHER)
    with store.writing() as tx:
        tx.acme.add_account(account())
        tx.acme.add_account(account("second", OTHER))
        assert not tx.acme.update_account(wanted, account().thumbprint)
    nothing: Callable[..., Any] = lambda *_: None  # noqa: E731
    monkeypatch.setattr(AcmeWriter, "account_by_key", nothing)
    with pytest.raises(Refused) as refused, store.writing() as tx:
        tx.acme.update_account(wanted, account().thumbprint)
    assert refused.value.reason is Reason.UNAVAILABLE
