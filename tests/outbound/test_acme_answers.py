"""One attempt at one challenge."""

from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType, ProfileName
from emca_daemon.outbound.acme_answers import AnswerFetches, Verdict
from emca_daemon.outbound.waiting import Deadline
from emca_daemon.protocols.acme.challenges import FetchFailure, HttpAnswer, dns_record_value
from emca_daemon.protocols.acme.dns_account import account_record_name
from emca_daemon.protocols.acme.dns_persist import PersistentAccount
from emca_daemon.protocols.acme.tasks import ValidationTask
from emca_daemon.protocols.acme.tls_alpn import TlsAnswer
from emca_daemon.settings.acme import AcmeSettings
from tests.support.tls_alpn import shown

T = TypeVar("T")
KEY = "token.thumbprint"
ACCOUNT = "https://ca.example/acme/account/1"
URL = "http://a.example/.well-known/acme-challenge/token"


class Network:
    """Stands for both ways to fetch: answers what it was told to."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self.asked: list[tuple[str, ...]] = []
        self.caa: tuple[bytes, ...] = ()

    async def fetch(self, host: str, path: str) -> Any:
        """An http-01 answer."""
        self.asked.append((host, path))
        return self._answer

    async def probe(self, identifier: AlternativeName) -> Any:
        """A handshake."""
        self.asked.append((identifier.value,))
        return self._answer

    async def raw(self, name: str, kind: int, deadline: Deadline) -> Any:
        """CAA records."""
        assert (kind, deadline.passed) == (257, False)
        self.asked.append((name, "CAA"))
        return self.caa

    async def texts(self, name: str, deadline: Deadline) -> Any:
        """TXT records."""
        assert not deadline.passed
        self.asked.append((name,))
        if isinstance(self._answer, Refused):
            raise self._answer
        return self._answer.get(name, ()) if isinstance(self._answer, dict) else self._answer


def attempt(network: Network, type_: str, name: str = "a.example", **settings: Any) -> Verdict:
    """The verdict of an attempt."""
    identifier = AlternativeName(NameType.DNS, name)
    task = ValidationTask(
        "challenge", "authorization", type_, identifier, "token", KEY, 1, "main", "here", ACCOUNT, thumbprints=(KEY,)
    )
    chosen = AcmeSettings(base_url="https://ca.example/acme", profile=ProfileName("server"), **settings)
    fetches = AnswerFetches(Clock(), network, network, network, chosen)
    results: list[Verdict] = []
    Deferred.fromCoroutine(fetches.verdict(task)).addCallback(results.append)
    return results[0]


def test_the_right_http_answer_proves_it() -> None:
    """Fetched from the path of the token; where it was found goes into the audit."""
    network = Network(HttpAnswer(200, KEY.encode() + b"\n", URL, "192.0.2.1"))
    assert attempt(network, "http-01") == Verdict(None, False, {"url": URL, "address": "192.0.2.1"})
    assert network.asked == [("a.example", "/.well-known/acme-challenge/token")]


@pytest.mark.parametrize(
    ("answer", "problem", "retry"),
    [
        (HttpAnswer(200, b"other", URL, "192.0.2.1"), "unauthorized", False),
        (HttpAnswer(403, b"", URL, "192.0.2.1"), "unauthorized", False),
        (HttpAnswer(404, b"", URL, "192.0.2.1"), "unauthorized", True),
        (HttpAnswer(503, b"", URL, "192.0.2.1"), "unauthorized", True),
        (FetchFailure("connection", "x"), "connection", True),
        (FetchFailure("dns", "x"), "dns", True),
        (FetchFailure("tls", "x"), "tls", True),
        (FetchFailure("refused-address", "x"), "rejectedIdentifier", False),
    ],
)
def test_which_http_failures_may_pass(answer: Any, problem: str, retry: bool) -> None:
    """A server that is not ready yet; not one that says something else."""
    verdict = attempt(Network(answer), "http-01")
    assert verdict.problem is not None
    assert (verdict.problem.type, verdict.retry) == (problem, retry)


@pytest.mark.parametrize("name", ["a.example", "*.a.example"])
def test_the_right_record_proves_it(name: str) -> None:
    """Among others; a wildcard is proved where its domain is."""
    network = Network((b"other", dns_record_value(KEY).encode()))
    verdict = attempt(network, "dns-01", name)
    assert verdict == Verdict(None, False, {"name": "_acme-challenge.a.example", "records": 2})
    assert network.asked == [("_acme-challenge.a.example",)]


@pytest.mark.parametrize(
    ("answer", "problem", "retry"),
    [
        ((), "unauthorized", True),
        ((b"other",), "unauthorized", False),
        (Refused(Reason.UNAVAILABLE, "SERVFAIL"), "dns", True),
    ],
)
def test_which_dns_failures_may_pass(answer: Any, problem: str, retry: bool) -> None:
    """A record that did not spread yet, a server in trouble; not other records."""
    verdict = attempt(Network(answer), "dns-01")
    assert verdict.problem is not None
    assert (verdict.problem.type, verdict.retry) == (problem, retry)


def test_a_record_at_the_accounts_own_label_proves_it() -> None:
    """And at no other."""
    network = Network((dns_record_value(KEY).encode(),))
    assert attempt(network, "dns-account-01").problem is None
    assert network.asked == [(account_record_name(ACCOUNT, "a.example"),)]
    refused = attempt(Network(()), "dns-account-01").problem
    assert refused is not None
    assert account_record_name(ACCOUNT, "a.example") in refused.detail


def test_a_record_above_proves_it_if_it_says_so() -> None:
    """With policy=wildcard; it is looked for at every name above, the top-level domain aside, but not for ever."""
    ours: dict[str, Any] = {"caa_identities": ("ca.example",)}
    record = f"ca.example; accounturi={ACCOUNT}"
    network = Network({"_validation-persist.a.example": (f"{record}; policy=wildcard".encode(),)})
    verdict = attempt(network, "dns-persist-01", "c.b.a.example", **ours)
    assert verdict == Verdict(None, False, {"name": "_validation-persist.a.example", "records": 1})
    assert network.asked == [(f"_validation-persist.{name}",) for name in ("c.b.a.example", "b.a.example", "a.example")]
    refused = attempt(
        Network({"_validation-persist.a.example": (record.encode(),)}), "dns-persist-01", "b.a.example", **ours
    )
    assert refused.problem is not None
    assert "_validation-persist.b.a.example" in refused.problem.detail
    deep = Network({})
    attempt(deep, "dns-persist-01", ".".join("abcdefghijklm"), **ours)
    assert len(deep.asked) == 8


def test_a_record_that_stays_proves_it() -> None:
    """For this CA and this account; what cannot be looked up may be there later."""
    ours: dict[str, Any] = {"caa_identities": ("ca.example",)}
    network = Network((f"ca.example; accounturi={ACCOUNT}".encode(),))
    verdict = attempt(network, "dns-persist-01", **ours)
    assert verdict == Verdict(None, False, {"name": "_validation-persist.a.example", "records": 1})
    account = PersistentAccount("https://ca.example/acme/account-hash/", ACCOUNT, (KEY,))
    hashed = f"ca.example; accounturi={account.hashed('a.example', KEY)}; persistUntil=4102444800"
    assert attempt(Network((hashed.encode(),)), "dns-persist-01", **ours).until == datetime(2100, 1, 1, tzinfo=UTC)
    for answer, problem, retry in (
        ((b"ca.example; accounturi=x",), "unauthorized", False),
        ((), "unauthorized", True),
        (Refused(Reason.UNAVAILABLE, "SERVFAIL"), "dns", True),
    ):
        verdict = attempt(Network(answer), "dns-persist-01", **ours)
        assert verdict.problem is not None
        assert (verdict.problem.type, verdict.retry) == (problem, retry)


def test_the_right_handshake_proves_it() -> None:
    """Where it was goes into the audit."""
    network = Network(TlsAnswer(b"acme-tls/1", shown(KEY, "a.example")[0], "192.0.2.1"))
    assert attempt(network, "tls-alpn-01") == Verdict(None, False, {"address": "192.0.2.1"})
    assert network.asked == [("a.example",)]


@pytest.mark.parametrize(
    ("answer", "problem", "retry"),
    [
        (TlsAnswer(b"", b"", "192.0.2.1"), "unauthorized", True),
        (TlsAnswer(b"acme-tls/1", b"", "192.0.2.1"), "unauthorized", False),
        (FetchFailure("connection", "x"), "connection", True),
        (FetchFailure("tls", "x"), "tls", True),
        (FetchFailure("refused-address", "x"), "rejectedIdentifier", False),
    ],
)
def test_which_handshakes_may_pass(answer: Any, problem: str, retry: bool) -> None:
    """A server that does not speak the protocol yet; not another certificate."""
    verdict = attempt(Network(answer), "tls-alpn-01")
    assert verdict.problem is not None
    assert (verdict.problem.type, verdict.retry) == (problem, retry)


def test_caa_has_the_last_word_where_it_is_asked() -> None:
    """After a proof, and only then; a set that names us, this account and this method lets us go on."""
    network = Network(HttpAnswer(200, KEY.encode(), URL, "192.0.2.1"))
    network.caa = (b"\x00\x05issueca.example; validationmethods=dns-01",)
    assert attempt(network, "http-01").problem is None
    on: dict[str, Any] = {"caa": "on", "caa_identities": ("ca.example",)}
    refused = attempt(network, "http-01", **on)
    assert refused.problem is not None
    assert (refused.problem.type, refused.retry) == ("caa", False)
    network.caa = (f"\x00\x05issueca.example; accounturi={ACCOUNT}".encode(),)
    assert attempt(network, "http-01", **on).problem is None
    wrong = Network(HttpAnswer(200, b"other", URL, "192.0.2.1"))
    assert attempt(wrong, "http-01", **on).problem is not None
    assert ("a.example", "CAA") not in wrong.asked


def test_other_types_are_not_validated_here() -> None:
    """A challenge stored by a newer release."""
    verdict = attempt(Network(None), "new-01")
    assert verdict.problem is not None
    assert not verdict.retry


def test_an_endpoints_settings_make_its_attempts() -> None:
    """Nothing is opened before the first."""
    settings = AcmeSettings(base_url="https://ca.example/acme", profile=ProfileName("server"))
    assert AnswerFetches.of_endpoint(Clock(), settings, bytes)._seconds == 10
