"""Secrets that CMP has encapsulated, on every database."""

from dataclasses import replace
from datetime import timedelta

from emca_daemon.protocols.cmp.records import KemSecret
from emca_daemon.store.transactions import SqlStore
from tests.support.records import NOW

ONE = KemSecret("main", b"0123456789abcdef", "vendor:1", b"secret", b"certificate", NOW + timedelta(minutes=5))


def test_kept_and_found(store: SqlStore) -> None:
    """One a transaction; counted by credential."""
    with store.writing() as tx:
        assert tx.cmp_kem_secrets.add(ONE)
        assert not tx.cmp_kem_secrets.add(replace(ONE, secret=b"other"))
        assert tx.cmp_kem_secrets.add(replace(ONE, endpoint="other"))
    with store.reading() as tx:
        assert tx.cmp_kem_secrets.find("main", ONE.id) == ONE
        assert tx.cmp_kem_secrets.find("main", b"else") is None
        assert tx.cmp_kem_secrets.count("main", "vendor:1") == 1
        assert tx.cmp_kem_secrets.count("main", "vendor:2") == 0


def test_forgotten_in_time(store: SqlStore) -> None:
    """Unless they were kept for longer."""
    later = replace(ONE, id=b"later")
    with store.writing() as tx:
        tx.cmp_kem_secrets.add(ONE)
        tx.cmp_kem_secrets.add(later)
        tx.cmp_kem_secrets.extend(later, NOW + timedelta(days=1))
        assert not tx.cmp_kem_secrets.is_overdue(NOW)
        assert tx.cmp_kem_secrets.is_overdue(ONE.expires)
        assert tx.cmp_kem_secrets.forget(ONE.expires) == 1
        assert tx.cmp_kem_secrets.find("main", ONE.id) is None
        assert tx.cmp_kem_secrets.find("main", b"later") == replace(later, expires=NOW + timedelta(days=1))
