"""HTTP Digest: what is refused before anything is counted; test_authentication.py has whole conversations."""

from datetime import timedelta

import pytest

from emca_daemon.ca.passwords import Lockout, new_credential
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.est.digest import DigestCheck, StaleNonce
from emca_daemon.protocols.http import Request
from emca_daemon.randomness import system_random
from tests.support.est_world import PLAIN, EstWorld, digest_answer

PATH = "/.well-known/est/simpleenroll"
ASKED = Request("POST", PATH, "", (), b"", PLAIN, "r")


def digests(world: EstWorld, *algorithms: str, key: bytes = bytes(32)) -> DigestCheck:
    """A check of realm `est`."""
    lockout = Lockout(world.store, 10, timedelta(minutes=1))
    return DigestCheck(
        world.store,
        lockout,
        realm="est",
        algorithms=algorithms,
        lifetime=timedelta(minutes=5),
        key=key,
        clock=world.clock,
        random=system_random,
    )


def test_challenges_as_clients_read_them() -> None:
    """MD5 is not named and all is quoted; SHA-256 is named without quotation marks."""
    check = digests(EstWorld(), "sha256", "md5")
    assert "algorithm" not in check.challenge("md5", stale=False)
    assert check.challenge("md5", stale=True).endswith('stale="true"')
    assert check.challenge("sha256", stale=True).endswith("algorithm=SHA-256, stale=true")


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_any_process_knows_a_nonce(algorithm: str) -> None:
    """With the same key; the same answer counts once among them all."""
    world = EstWorld()
    one, other = digests(world, algorithm), digests(world, algorithm)
    answer = digest_answer(one.challenge(algorithm, stale=False), PATH).removeprefix("Digest ")
    assert other.verify(answer, ASKED).name == "alice"
    with pytest.raises(StaleNonce):
        one.verify(answer, ASKED)
    with pytest.raises(StaleNonce):
        digests(world, algorithm, key=b"another").verify(answer, ASKED)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('uri="/.well-known', 'uri="/other'),
        ('qop="auth"', 'qop="auth-int"'),
        ('realm="est"', 'realm="x"'),
        ("nc=00000001", "nc=1"),
        ("nc=00000001", "nc=ffffffff"),
        ("nc=00000001", "nc=xxxxxxxx"),
        ('username="alice"', 'username="eve"'),
        ('cnonce="cnonce"', 'cnonce="other"'),
    ],
)
def test_an_answer_to_something_else_is_refused(old: str, new: str) -> None:
    """As a wrong password is."""
    check = digests(EstWorld(), "sha256")
    answer = digest_answer(check.challenge("sha256", stale=False), PATH).removeprefix("Digest ")
    assert old in answer
    with pytest.raises(Refused) as refused:
        check.verify(answer.replace(old, new), ASKED)
    assert refused.value.reason is Reason.NOT_AUTHENTICATED


def test_an_algorithm_that_was_not_offered_is_refused() -> None:
    """A user without a secret for one that was, too."""
    world = EstWorld()
    answer = digest_answer(digests(world, "md5").challenge("md5", stale=False), PATH).removeprefix("Digest ")
    with pytest.raises(Refused):
        digests(world, "sha256").verify(answer, ASKED)


@pytest.mark.parametrize("nonce", ["", "x", "ü", "AAAA", "A" * 44])
def test_a_nonce_of_nobody_is_stale(nonce: str) -> None:
    """So that the client asks for one."""
    with pytest.raises(StaleNonce):
        digests(EstWorld(), "md5").verify(f'username="alice", nonce="{nonce}"', ASKED)


def test_a_name_may_be_in_utf_8() -> None:
    """As curl sends it; a name that is none in UTF-8 is taken as it is."""
    world = EstWorld()
    with world.store.writing() as tx:
        made = new_credential("est", "jürgen", "p", now=world.clock(), random=system_random, digests=frozenset({"md5"}))
        tx.credentials.add(made)
    check = digests(world, "md5")
    answer = digest_answer(check.challenge("md5", stale=False), PATH, "p", user="jürgen").removeprefix("Digest ")
    assert check.verify(answer.encode().decode("latin-1"), ASKED).name == "jürgen"
    again = digest_answer(check.challenge("md5", stale=False), PATH, "p", user="jürgen").removeprefix("Digest ")
    assert check.verify(again, ASKED).name == "jürgen"


def test_an_absolute_uri_is_taken_by_its_path() -> None:
    """RFC 7616 3.4.6; the query counts."""
    check = digests(EstWorld(), "md5")
    absolute = f"https://ca.example{PATH}"
    answer = digest_answer(check.challenge("md5", stale=False), absolute).removeprefix("Digest ")
    assert check.verify(answer, ASKED).proof == "password"
    queried = Request("POST", PATH, "x=1", (), b"", PLAIN, "r")
    with pytest.raises(Refused):
        check.verify(digest_answer(check.challenge("md5", stale=False), PATH).removeprefix("Digest "), queried)
