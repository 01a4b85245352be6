"""Passwords: right, wrong, and of nobody."""

from dataclasses import replace
from datetime import timedelta

import pytest

from emca_daemon.ca import passwords
from emca_daemon.ca.passwords import (
    MOST_BYTES,
    Lockout,
    PasswordCheck,
    digest_secret,
    hash_password,
    new_credential,
    with_password,
)
from emca_daemon.errors import Reason, Refused
from emca_daemon.randomness import system_random
from tests.support.ca_world import START, World

PASSWORD = "correct horse"


def world_with_alice() -> tuple[World, PasswordCheck]:
    """A store with one user, and what verifies them: locked after three wrong passwords."""
    world = World()
    with world.store.writing() as tx:
        tx.credentials.add(new_credential("est", "alice", PASSWORD, now=START, random=system_random))
    lockout = Lockout(world.store, 3, timedelta(minutes=15))
    return world, PasswordCheck(world.store, lockout, world.clock, system_random)


def refused(check: PasswordCheck, name: str, password: str) -> str:
    """The text of the refusal."""
    with pytest.raises(Refused) as raised:
        check.verify("est", name, password)
    assert raised.value.reason is Reason.NOT_AUTHENTICATED
    return raised.value.detail


def test_the_right_password_is_the_users() -> None:
    """Also when it is remembered."""
    _, check = world_with_alice()
    assert check.verify("est", "alice", PASSWORD).name == "alice"
    assert check.verify("est", "alice", PASSWORD).name == "alice"


def test_everything_else_is_refused_alike() -> None:
    """Wrong, empty, too long, of nobody, in another realm."""
    _, check = world_with_alice()
    texts = {refused(check, "alice", "wrong"), refused(check, "alice", ""), refused(check, "bob", PASSWORD)}
    texts.add(refused(check, "alice", PASSWORD + "x" * MOST_BYTES))
    assert len(texts) == 1


def test_a_locked_user_is_refused_even_if_remembered() -> None:
    """With the right password, until the time is over."""
    world, check = world_with_alice()
    check.verify("est", "alice", PASSWORD)
    for _ in range(3):
        refused(check, "alice", "wrong")
    refused(check, "alice", PASSWORD)
    world.clock.advance(minutes=15)
    assert check.verify("est", "alice", PASSWORD).failures == 3
    with world.store.reading() as tx:
        found = tx.credentials.get("est", "alice")
    assert found is not None
    assert found.failures == 0


def test_a_new_password_ends_the_old_one_at_once() -> None:
    """What is remembered is bound to the stored hash."""
    world, check = world_with_alice()
    old = check.verify("est", "alice", PASSWORD)
    with world.store.writing() as tx:
        tx.credentials.update(with_password(old, "another", now=START, random=system_random))
    refused(check, "alice", PASSWORD)
    assert check.verify("est", "alice", "another").version == 2


def test_hashes_are_salted_argon2id() -> None:
    """In PHC form, never twice the same."""
    one, other = (hash_password(PASSWORD, system_random) for _ in range(2))
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert one != other


def test_digest_secrets_are_kept_where_asked_for() -> None:
    """RFC 7616 3.9.1's user; another password keeps the kinds."""
    assert (
        digest_secret("Mufasa", "http-auth@example.org", "Circle of Life", "md5") == "3d78807defe7de2157e2b0b6573a855f"
    )
    made = new_credential("est", "a", "p", now=START, random=system_random, digests=frozenset({"sha256"}))
    assert (len(made.ha1_sha256), made.ha1_md5) == (64, "")
    changed = with_password(replace(made, failures=2), "q", now=START, random=system_random)
    assert (changed.ha1_sha256 != made.ha1_sha256, changed.ha1_md5, changed.failures) == (True, "", 0)


@pytest.mark.parametrize(
    ("realm", "name", "password"),
    [
        ("est", "", "p"),
        ("est", "a:b", "p"),
        ("e:t", "a", "p"),
        ("est", "a\n", "p"),
        ("est", "a", ""),
        ("est", "a", "p" * 1025),
    ],
)
def test_what_cannot_be_a_user_is_refused(realm: str, name: str, password: str) -> None:
    """MALFORMED."""
    with pytest.raises(Refused) as raised:
        new_credential(realm, name, password, now=START, random=system_random)
    assert raised.value.reason is Reason.MALFORMED


def test_only_so_many_passwords_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest is forgotten, and verified by its hash the next time."""
    world, check = world_with_alice()
    with world.store.writing() as tx:
        tx.credentials.add(new_credential("est", "bob", PASSWORD, now=START, random=system_random))
    hashed: list[str] = []
    verified = passwords._matches

    def noted(password: str, encoded: str) -> bool:
        """Whether they match, and that it was asked."""
        hashed.append(encoded)
        return verified(password, encoded)

    monkeypatch.setattr(passwords, "_matches", noted)
    monkeypatch.setattr(passwords, "_REMEMBERED", 1)
    for name in ("alice", "alice", "bob", "bob", "alice"):
        assert check.verify("est", name, PASSWORD).name == name
    assert len(hashed) == 3
    assert hashed[0] == hashed[2] != hashed[1]
