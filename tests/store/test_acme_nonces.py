"""Used nonces and shared secrets."""

from collections.abc import Callable
from dataclasses import replace

from emca_daemon.protocols.acme.states import AccountStatus
from emca_daemon.store.transactions import SqlStore
from tests.support.acme_records import account


def nonce(number: int) -> bytes:
    """A nonce of that time."""
    return number.to_bytes(5, "big") + bytes(27)


def test_a_nonce_is_spent_once(store: SqlStore) -> None:
    """In one transaction and in the next; a rolled-back one never was."""
    with store.writing() as tx:
        assert tx.acme.spend_nonce(nonce(1))
        assert not tx.acme.spend_nonce(nonce(1))
    with store.writing() as tx:
        assert not tx.acme.spend_nonce(nonce(1))
        assert tx.acme.spend_nonce(nonce(2))


def test_a_nonce_is_spent_by_a_valid_account_with_its_key(store: SqlStore) -> None:
    """By no other, and once."""
    mine = account()
    with store.writing() as tx:
        tx.acme.add_account(mine)
        assert not tx.acme.spend_nonce_of("other", mine.thumbprint, nonce(1))
        assert not tx.acme.spend_nonce_of(mine.id, "o" * 43, nonce(1))
        assert tx.acme.spend_nonce_of(mine.id, mine.thumbprint, nonce(1))
        assert not tx.acme.spend_nonce_of(mine.id, mine.thumbprint, nonce(1))
        assert not tx.acme.spend_nonce(nonce(1))
        tx.acme.update_account(replace(mine, status=AccountStatus.DEACTIVATED), mine.thumbprint)
        assert not tx.acme.spend_nonce_of(mine.id, mine.thumbprint, nonce(2))


def test_a_nonce_is_spent_for_all_processes(open_store: Callable[[], SqlStore]) -> None:
    """Over the shared database."""
    one, other = open_store(), open_store()
    with one.writing() as tx:
        assert tx.acme.spend_nonce(nonce(1))
    with other.writing() as tx:
        assert not tx.acme.spend_nonce(nonce(1))


def test_the_oldest_are_forgotten_first(store: SqlStore) -> None:
    """No more than asked for, none that is young."""
    with store.writing() as tx:
        for number in range(10):
            tx.acme.spend_nonce(nonce(number))
    before = (7).to_bytes(5, "big")
    with store.writing() as tx:
        assert tx.acme.purge_nonces(before, 4) == 4
        assert tx.acme.purge_nonces(before, 100) == 3
        assert tx.acme.purge_nonces(before, 100) == 0
        assert tx.acme.spend_nonce(nonce(6))
        assert not tx.acme.spend_nonce(nonce(7))


def test_the_first_secret_stays(store: SqlStore) -> None:
    """Each name has its own."""
    with store.writing() as tx:
        assert tx.acme.secret("a", b"1") == b"1"
    with store.writing() as tx:
        assert tx.acme.secret("a", b"2") == b"1"
        assert tx.acme.secret("b", b"2") == b"2"
