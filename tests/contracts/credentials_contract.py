"""What every store must do for users and for what is counted of their attempts; run on each database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from emca_daemon.ca.credentials import Credential, CredentialStore
from emca_daemon.errors import Reason, Refused
from tests.support.records import NOW

ALICE = Credential(
    realm="est",
    name="älice",
    password="$argon2id$v=19$...",
    created=NOW,
    groups=frozenset({"a", "b"}),
    ha1_sha256="aa" * 32,
    ha1_md5="bb" * 16,
)
MINUTE = timedelta(minutes=1)


class CredentialsContract:
    """A mixin: the class that takes it provides `store`."""

    def test_a_user_comes_back(self, store: CredentialStore) -> None:
        """Every field; others of the realm do not."""
        with store.writing() as tx:
            tx.credentials.add(ALICE)
            tx.credentials.add(replace(ALICE, realm="other"))
        with store.reading() as tx:
            assert tx.credentials.get("est", "älice") == ALICE
            assert tx.credentials.get("est", "bob") is None
            assert [one.realm for one in tx.credentials.list()] == ["est", "other"]
            assert tx.credentials.list("est") == [ALICE]

    def test_a_name_is_taken_once(self, store: CredentialStore) -> None:
        """In its realm."""
        with store.writing() as tx:
            tx.credentials.add(ALICE)
            with pytest.raises(Refused) as refused:
                tx.credentials.add(ALICE)
            assert refused.value.reason is Reason.WRONG_STATE

    def test_a_change_is_the_next_version(self, store: CredentialStore) -> None:
        """Removing forgets; nobody is changed or removed who is not there."""
        with store.writing() as tx:
            tx.credentials.add(ALICE)
            tx.credentials.update(replace(ALICE, password="new", groups=frozenset()))
            changed = tx.credentials.get("est", "älice")
            assert changed == replace(ALICE, password="new", groups=frozenset(), version=2)
            tx.credentials.remove("est", "älice")
            with pytest.raises(Refused) as unchanged:
                tx.credentials.update(ALICE)
            with pytest.raises(Refused) as unremoved:
                tx.credentials.remove("est", "älice")
            assert unchanged.value.reason is unremoved.value.reason is Reason.NOT_FOUND

    def test_wrong_passwords_lock(self, store: CredentialStore) -> None:
        """The last one allowed; after the lock counting begins anew, and a right one forgets all."""
        until = NOW + MINUTE

        def failed(at: object = NOW) -> tuple[int, bool]:
            with store.writing() as tx:
                tx.credentials.failed("est", "älice", at, 2, until)  # type: ignore[arg-type]
                found = tx.credentials.get("est", "älice")
            assert found is not None
            return found.failures, found.locked(NOW)

        with store.writing() as tx:
            tx.credentials.add(ALICE)
        assert [failed(), failed()] == [(1, False), (2, True)]
        assert failed(until) == (1, False)
        with store.writing() as tx:
            tx.credentials.succeeded("est", "älice")
            found = tx.credentials.get("est", "älice")
        assert found == ALICE

    def test_things_are_counted_by_windows(self, store: CredentialStore) -> None:
        """A new window begins with the first one after the old."""
        with store.writing() as tx:
            assert [tx.credentials.count("x", NOW, MINUTE) for _ in range(3)] == [1, 2, 3]
            assert tx.credentials.count("y", NOW, MINUTE) == 1
            assert tx.credentials.counted("x", NOW, MINUTE) == 3
            assert tx.credentials.counted("x", NOW + MINUTE, MINUTE) == 0
            assert tx.credentials.count("x", NOW + MINUTE, MINUTE) == 1
            assert tx.credentials.counted("z", NOW, MINUTE) == 0

    def test_a_nonce_is_used_with_rising_counts(self, store: CredentialStore) -> None:
        """Each count once; what has expired is forgotten."""
        with store.writing() as tx:
            used = [tx.credentials.use_nonce(b"n", count, NOW) for count in (1, 1, 3, 2, 4)]
            assert used == [True, False, True, False, True]
            tx.credentials.count("x", NOW, MINUTE)
            assert tx.credentials.purge(NOW, MINUTE) == 0
            assert tx.credentials.purge(NOW + 2 * MINUTE, MINUTE) == 2

    def test_a_secret_is_made_once(self, store: CredentialStore) -> None:
        """The first one stays."""
        with store.writing() as tx:
            assert tx.credentials.secret("s", b"one") == b"one"
            assert tx.credentials.secret("s", b"two") == b"one"
