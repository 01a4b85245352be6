"""CMP's revocation passphrases, on every database."""

from dataclasses import replace

from emca_daemon.protocols.cmp.records import Passphrase
from emca_daemon.store.transactions import SqlStore
from tests.support.records import NOW

ONE = Passphrase("main", "dev1", b"identifier", b"open sesame", NOW)


def test_kept_and_found(store: SqlStore) -> None:
    """By endpoint and identifier."""
    with store.writing() as tx:
        assert tx.cmp_passphrases.keep(ONE)
        assert tx.cmp_passphrases.keep(replace(ONE, endpoint="other", passphrase=b"another"))
    with store.reading() as tx:
        assert tx.cmp_passphrases.find("main", b"identifier") == ONE
        assert tx.cmp_passphrases.find("main", b"else") is None
        assert tx.cmp_passphrases.find("third", b"identifier") is None


def test_a_holder_has_one(store: SqlStore) -> None:
    """The next takes its place, under the same identifier or another."""
    with store.writing() as tx:
        tx.cmp_passphrases.keep(ONE)
        assert tx.cmp_passphrases.keep(replace(ONE, passphrase=b"next"))
        assert tx.cmp_passphrases.keep(replace(ONE, identifier=b"new", passphrase=b"newest"))
    with store.reading() as tx:
        assert tx.cmp_passphrases.find("main", b"identifier") is None
        assert tx.cmp_passphrases.find("main", b"new") == replace(ONE, identifier=b"new", passphrase=b"newest")


def test_identifiers_of_others_are_taken(store: SqlStore) -> None:
    """Nobody's passphrase is replaced by somebody else's."""
    with store.writing() as tx:
        assert tx.cmp_passphrases.keep(ONE)
        assert not tx.cmp_passphrases.keep(replace(ONE, holder="mallory", passphrase=b"evil"))
        assert tx.cmp_passphrases.find("main", b"identifier") == ONE
