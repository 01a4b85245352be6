"""The keys of external accounts."""

from dataclasses import replace

from emca_daemon.protocols.acme.records import Binding
from emca_daemon.store.transactions import SqlStore
from tests.support.acme_records import LATER
from tests.support.records import NOW

FULL = Binding("kid", "main", b"secret", NOW, "note", LATER, None, 1, 3, (".a.example",), ("b.example",), ("short",))
BARE = Binding("bare", None, b"other", NOW)


def test_a_key_comes_back_as_it_was_given(store: SqlStore) -> None:
    """Its identifier is taken once; its secret is in no text about it."""
    with store.writing() as tx:
        assert tx.acme.add_binding(FULL)
        assert tx.acme.add_binding(BARE)
        assert not tx.acme.add_binding(replace(BARE, secret=b"third"))
        assert tx.acme.binding("kid") == FULL
        assert tx.acme.binding("none") is None
        assert tx.acme.bindings() == [BARE, FULL]
    assert "secret" not in repr(FULL)


def test_a_key_is_used_as_often_as_it_may_be(store: SqlStore) -> None:
    """And not once it is revoked."""
    with store.writing() as tx:
        tx.acme.add_binding(FULL)
        tx.acme.add_binding(BARE)
        assert [tx.acme.use_binding("kid") for _ in range(3)] == [True, True, False]
        assert [tx.acme.use_binding("bare") for _ in range(9)] == [True] * 9
        assert tx.acme.revoke_binding("bare", LATER)
        assert not tx.acme.revoke_binding("bare", LATER)
        assert not tx.acme.use_binding("bare")
        found = tx.acme.binding("bare")
    assert found == replace(BARE, uses=9, revoked=LATER)
