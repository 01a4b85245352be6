"""Asking one perspective, without a network."""

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionRefusedError as Rejected
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.web.client import BrowserLikePolicyForHTTPS, ResponseDone

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.outbound.perspectives import PinnedTls, RemoteEyes, SilentPerspective
from emca_daemon.outbound.waiting import Deadline
from emca_daemon.protocols.acme.challenges import FetchFailure, HttpAnswer
from emca_daemon.protocols.acme.perspective_messages import Question, read_question, write_seen
from emca_daemon.protocols.acme.tls_alpn import TlsAnswer
from tests.support.perspectives import self_signed

NAME = AlternativeName(NameType.DNS, "a.example")


class Answer:
    """A response: status and body."""

    def __init__(self, code: int, body: bytes) -> None:
        self.code = code
        self._body = body

    def deliverBody(self, protocol: Any) -> None:  # noqa: N802 - twisted's name
        """All of it."""
        protocol.dataReceived(self._body)
        protocol.connectionLost(Failure(ResponseDone()))  # type: ignore[no-untyped-call]


class Agent:
    """Answers every request with the same, and keeps the questions."""

    def __init__(self, outcome: Any) -> None:
        self._outcome = outcome
        self.asked: list[Question] = []
        self.written = b""

    def write(self, data: bytes) -> None:
        """A body."""
        self.written = data

    def request(self, method: bytes, url: bytes, _headers: Any, body: Any) -> "Deferred[Any]":
        """Answer."""
        assert (method, url) == (b"POST", b"https://p.example:8555/perspective/v1")
        body.startProducing(self)
        assert len(self.written) == body.length
        body.pauseProducing()
        body.stopProducing()
        self.asked.append(read_question(self.written))
        return self._outcome if isinstance(self._outcome, Deferred) else succeed(self._outcome)


def eyes(outcome: Any, clock: Clock | None = None) -> tuple[RemoteEyes, Agent]:
    """A perspective that answers so."""
    remote = RemoteEyes(clock or Clock(), "https://p.example:8555", BrowserLikePolicyForHTTPS(), 5.0)  # type: ignore[no-untyped-call]
    agent = Agent(outcome)
    remote._agent = agent  # type: ignore[assignment]
    return remote, agent


def outcome(work: Any) -> Any:
    """What comes of it, failures too."""
    found: list[Any] = []
    Deferred.fromCoroutine(work).addBoth(found.append)
    return found[0]


def _refused() -> Rejected:
    return Rejected()  # type: ignore[no-untyped-call]


def seen(value: Any) -> Answer:
    """An answer with that."""
    return Answer(200, write_seen(value))


def test_looks_by_http() -> None:
    """At names and addresses; only the token is told."""
    answer = HttpAnswer(200, b"body", "http://a.example/", "192.0.2.1")
    remote, agent = eyes(seen(answer))
    assert outcome(remote.fetch("a.example", "/.well-known/acme-challenge/token")) == answer
    assert outcome(remote.fetch("192.0.2.1", "/.well-known/acme-challenge/token")) == answer
    assert [(one.name.type, one.token) for one in agent.asked] == [(NameType.DNS, "token"), (NameType.IP, "token")]


def test_looks_by_tls_and_dns() -> None:
    """Records that cannot be found out are a failure of DNS there."""
    answer = TlsAnswer(b"acme-tls/1", b"der", "192.0.2.1")
    assert outcome(eyes(seen(answer))[0].probe(NAME)) == answer
    deadline = Deadline(Clock(), 5)
    assert outcome(eyes(seen((b"x",)))[0].texts("a.example", deadline)) == (b"x",)
    assert outcome(eyes(seen((b"x",)))[0].raw("a.example", 257, deadline)) == (b"x",)
    failed = outcome(eyes(seen(FetchFailure("dns", "SERVFAIL")))[0].texts("a.example", deadline))
    assert failed.check(Refused)
    assert failed.value.reason is Reason.UNAVAILABLE
    assert outcome(eyes(seen(()))[0].raw("a.example", 1, deadline)).check(Refused)


@pytest.mark.parametrize(
    "answer",
    [Answer(403, b""), Answer(200, b"{"), Answer(200, b"x" * 70_000), fail(_refused()), Answer(503, b"busy")],
)
def test_a_perspective_that_says_nothing_is_silent(answer: Any) -> None:
    """Which is no failure of the name."""
    assert outcome(eyes(answer)[0].probe(NAME)).check(SilentPerspective)


def test_a_perspective_has_so_long() -> None:
    """Then it counts as silent."""
    clock = Clock()
    found: list[Any] = []
    Deferred.fromCoroutine(eyes(Deferred(), clock)[0].probe(NAME)).addBoth(found.append)
    clock.advance(4.9)
    assert not found
    clock.advance(0.2)
    assert found[0].check(SilentPerspective)


def test_tls_is_pinned(tmp_path: Path) -> None:
    """Files that cannot be used are refused at the start."""
    certificate, key = self_signed(tmp_path, "own")
    pinned, _ = self_signed(tmp_path, "other")
    assert PinnedTls(certificate, key, pinned).creatorForNetloc(b"127.0.0.1", 443) is not None
    with pytest.raises(Refused):
        PinnedTls(certificate, key, key)
    with pytest.raises(Refused):
        PinnedTls(certificate, certificate, pinned)
    with pytest.raises(Refused):
        PinnedTls(certificate, tmp_path / "none", pinned)
