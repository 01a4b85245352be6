"""Tests of sessions and logins that mend themselves, on a token in memory."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pkcs11 import exceptions as ck

from emca_daemon.errors import Reason, Refused
from emca_daemon.signers import pkcs11_token
from emca_daemon.signers.pkcs11_pin import PinFile
from emca_daemon.signers.pkcs11_token import Session, Token
from tests.support.fake_token import FakeLibrary, fake_module


class Bench:
    """A token in memory, its clock, and work that fails as often as told."""

    def __init__(self, folder: Path) -> None:
        """A PIN in a file, nothing wrong."""
        self.pin_file = folder / "pin"
        self.pin_file.write_text("1234\n", encoding="utf-8")
        self.library = FakeLibrary()
        self.now = 100.0
        pin = PinFile("hsm", self.pin_file)
        self.module = fake_module(self.library)
        self.token = Token("hsm", self.module, pin, "label", "77", lambda: self.now)
        self.done: list[Session] = []

    def failing(self, times: int, fault: Exception) -> Callable[[Session], str]:
        """Work that fails that often, then answers."""

        def work(session: Session) -> str:
            self.done.append(session)
            if len(self.done) <= times:
                raise fault
            return "done"

        return work

    def refusal(self, times: int, fault: Exception) -> Refused:
        """The refusal that failing work ends in."""
        self.done.clear()
        with pytest.raises(Refused) as refusal:
            self.token.use(self.failing(times, fault))
        return refusal.value


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A token in memory."""
    return Bench(tmp_path)


def test_one_session_serves_one_thread_for_good(bench: Bench) -> None:
    """The PIN is given once, to a session that only keeps the login."""
    for _ in range(3):
        assert bench.token.use(bench.failing(0, ck.GeneralError())) == "done"
    assert len(set(map(id, bench.done))) == 1
    assert [session.login for session in bench.library.token.sessions] == [True, False]
    assert bench.library.calls == ["tokens label b'77'"]


def test_work_inside_work_gets_another_session(bench: Bench) -> None:
    """No session is used twice at a time, and both are kept."""
    inner = bench.token.use(lambda outer: bench.token.use(lambda session: session is outer))
    assert not inner
    assert len(bench.library.token.sessions) == 3


@pytest.mark.parametrize(
    "fault", [ck.SessionHandleInvalid(), ck.UserNotLoggedIn(), ck.DeviceRemoved(), ck.PKCS11Error("unmapped")]
)
def test_a_lost_session_is_replaced(bench: Bench, fault: Exception) -> None:
    """The work is done again in a new session after a new login; what was left is closed."""
    assert bench.token.use(bench.failing(1, fault)) == "done"
    assert bench.done[0] is not bench.done[1]
    assert bench.library.token.pins == ["1234", "1234"]
    assert [session.open for session in bench.library.token.sessions] == [False, False, True, True]
    assert "finalize" not in bench.library.calls


def test_a_lost_module_is_restarted(bench: Bench) -> None:
    """When a new session does not help; sessions of the old life are not closed, their numbers may be taken."""
    assert bench.token.use(bench.failing(2, ck.GeneralError())) == "done"
    assert bench.library.calls.count("finalize") == bench.library.calls.count("initialize") == 1
    assert [session.open for session in bench.library.token.sessions] == [False, False, True, True, True, True]


def test_what_does_not_heal_is_unavailable_and_left_in_peace(bench: Bench) -> None:
    """For a while nobody asks, then one request does, and the first success lets everybody in."""
    refused = bench.refusal(99, ck.DeviceError())
    assert (refused.reason, refused.retry_after) == (Reason.UNAVAILABLE, 5)
    assert "DeviceError" in refused.detail
    assert len(bench.done) == 3
    assert bench.refusal(99, ck.DeviceError()).reason is Reason.UNAVAILABLE
    assert bench.done == []
    bench.now += 60
    assert bench.token.use(bench.failing(0, ck.DeviceError())) == "done"
    assert bench.token.use(bench.failing(0, ck.DeviceError())) == "done"


def test_the_module_is_not_restarted_without_pause(bench: Bench) -> None:
    """Other tokens of the module would have no rest."""
    assert bench.token.use(bench.failing(2, ck.GeneralError())) == "done"
    bench.refusal(99, ck.GeneralError())
    assert bench.library.calls.count("finalize") == 1


def test_a_module_that_does_not_start_is_unavailable(bench: Bench) -> None:
    """Until it does."""
    bench.token.use(bench.failing(0, ck.GeneralError()))
    bench.library.start_fault = ck.DeviceError("C_Initialize answered 0x5")
    assert "0x5" in bench.refusal(99, ck.GeneralError()).detail
    bench.library.start_fault = None
    bench.now += 60
    bench.done.clear()
    assert bench.token.use(bench.failing(1, ck.GeneralError())) == "done"


def test_a_key_that_is_gone_does_not_stop_the_others(bench: Bench) -> None:
    """The request is refused, the token stays in use."""
    assert bench.refusal(99, ck.NoSuchKey("gone")).reason is Reason.UNAVAILABLE
    bench.done.clear()
    assert bench.token.use(bench.failing(0, ck.NoSuchKey())) == "done"


def test_refusals_are_answers(bench: Bench) -> None:
    """They pass through once, and the session lives on."""
    refused = bench.refusal(99, Refused(Reason.NOT_FOUND, "no"))
    assert refused.reason is Reason.NOT_FOUND
    assert len(bench.done) == 1
    first = bench.done[0]
    bench.done.clear()
    bench.token.use(bench.failing(0, ck.GeneralError()))
    assert bench.done == [first]


def test_what_the_token_cannot_do_is_refused_at_once(bench: Bench) -> None:
    """Nothing is retried."""
    refused = bench.refusal(99, ck.MechanismInvalid())
    assert refused.reason is Reason.ALGORITHM_REFUSED
    assert len(bench.done) == 1
    assert [session.open for session in bench.library.token.sessions] == [True, False]


def test_refusals_do_not_hold_the_module_s_errors(bench: Bench) -> None:
    """Their tracebacks hold operations, and with them locks of the thread that failed."""
    for fault in (ck.MechanismInvalid(), ck.GeneralError()):
        refused = bench.refusal(99, fault)
        assert refused.__context__ is None
        assert refused.__cause__ is None


def test_a_refused_pin_is_not_offered_again(bench: Bench) -> None:
    """Tokens lock themselves after a few; a new file is read."""
    bench.library.token.login_fault = ck.PinIncorrect()
    for _ in range(5):
        refused = bench.refusal(0, ck.GeneralError())
        assert refused.reason is Reason.UNAVAILABLE
        assert "1234" not in str(refused)
        bench.now += 60
    assert bench.library.token.pins == ["1234"]
    bench.library.token.login_fault = None
    bench.pin_file.write_text("5678", encoding="utf-8")
    assert bench.token.use(bench.failing(0, ck.GeneralError())) == "done"
    assert bench.library.token.pins == ["1234", "5678"]


def test_a_login_that_is_there_is_used(bench: Bench) -> None:
    """Another part of the process may have logged in."""
    bench.library.token.login_fault = ck.UserAlreadyLoggedIn()
    assert bench.token.use(bench.failing(0, ck.GeneralError())) == "done"


def test_a_token_must_be_there_and_alone(bench: Bench) -> None:
    """The message says what was looked for."""
    bench.library.offered *= 2
    assert "2 tokens are set up, with the label 'label'" in bench.refusal(0, ck.GeneralError()).detail
    bench.library.offered = []
    bench.now += 60
    assert "no token is set up, with the label 'label', with the serial" in bench.refusal(0, ck.GeneralError()).detail


def test_sessions_from_before_a_healing_are_not_used(bench: Bench) -> None:
    """A session that was in use meanwhile is closed with the leftovers of the next healing."""

    def slow(session: Session) -> Session:
        bench.token.use(bench.failing(1, ck.SessionHandleInvalid()))
        return session

    old = bench.token.use(slow)
    bench.done.clear()
    bench.token.use(lambda session: bench.token.use(bench.failing(0, ck.GeneralError())))
    assert old not in bench.done
    bench.done.clear()
    bench.token.use(bench.failing(1, ck.SessionHandleInvalid()))
    assert not old.raw.open  # type: ignore[attr-defined]  # it is a session in memory


def test_what_another_thread_heals_is_not_healed_twice(bench: Bench) -> None:
    """A failure from before the healing leads to a new session only."""

    def work(session: Session) -> str:
        bench.done.append(session)
        if len(bench.done) == 1:
            bench.token.use(bench.failing(2, ck.SessionHandleInvalid()))
            raise ck.SessionHandleInvalid
        return "done"

    assert bench.token.use(work) == "done"
    assert len(bench.library.token.pins) == 2


def test_nobody_waits_for_ever_for_a_healing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that heals may hang in a dead device."""
    monkeypatch.setattr(pkcs11_token, "HEALING", 0.001)
    with bench.token._healing:
        assert "reconnected" in bench.refusal(99, ck.DeviceError()).detail
