"""DNS look-ups: fixed hosts, resolvers, aliases, and what failed."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TimedOut
from twisted.internet.error import ConnectError
from twisted.internet.task import Clock
from twisted.names import dns

from emca_daemon.errors import Reason, Refused
from emca_daemon.outbound.dns import Lookups, fixed_addresses, nameservers, server
from emca_daemon.outbound.waiting import Deadline
from emca_daemon.settings.acme import NetworkSettings

T = TypeVar("T")
Records = dict[tuple[str, int], list[Any]]


def record(name: str, kind: int, payload: Any) -> dns.RRHeader:
    """A record."""
    return dns.RRHeader(name, kind, payload=payload)


def alias(name: str, target: str) -> dns.RRHeader:
    """A CNAME record."""
    return record(name, dns.CNAME, dns.Record_CNAME(target))  # type: ignore[no-untyped-call]


def text(name: str, *strings: bytes) -> dns.RRHeader:
    """A TXT record."""
    return record(name, dns.TXT, dns.Record_TXT(*strings))  # type: ignore[no-untyped-call]


def host(name: str, address: str) -> dns.RRHeader:
    """An A or AAAA record."""
    if ":" in address:
        return record(name, dns.AAAA, dns.Record_AAAA(address))  # type: ignore[no-untyped-call]
    return record(name, dns.A, dns.Record_A(address))  # type: ignore[no-untyped-call]


class Servers:
    """Stands for the exchange: answers from a table, by server if there is one for it."""

    def __init__(self, records: Records, trouble: dict[str, Any] | None = None, clock: Clock | None = None) -> None:
        self._records = records
        self._trouble = trouble or {}
        self._clock = clock
        self.asked: list[tuple[str, str, int]] = []

    validated: frozenset[str] = frozenset()
    """The servers that set AD."""

    async def ask(self, server: tuple[str, int], name: str, kind: int, deadline: Deadline) -> dns.Message:
        """Answer, or whatever trouble that server has."""
        self.asked.append((server[0], name, kind))
        assert not deadline.passed
        trouble = self._trouble.get(server[0], self._trouble.get(f"{name} {kind}"))
        if isinstance(trouble, Exception):
            if self._clock is not None:
                self._clock.advance(6)
            raise trouble
        validated = int(server[0] in self.validated)
        message = dns.Message(rCode=dns.OK if trouble is None else trouble, authenticData=validated)
        if trouble is None:
            message.answers = self._records.get((name, kind), [])
        return message


def looked_up(work: Coroutine[Any, Any, T]) -> T:
    """The result of a look-up that is done at once."""
    results: list[T] = []
    failures: list[Any] = []
    Deferred.fromCoroutine(work).addCallbacks(results.append, failures.append)
    for failure in failures:
        failure.raiseException()
    return results[0]


def lookups(servers: Servers, **settings: Any) -> Lookups:
    """Look-ups with one resolver unless told otherwise."""
    return Lookups(NetworkSettings(**{"resolvers": ("192.0.2.53",), **settings}), servers)  # type: ignore[arg-type]


def deadline(clock: Clock | None = None) -> Deadline:
    """Ten seconds."""
    return Deadline(clock or Clock(), 10)


def test_ipv6_comes_first() -> None:
    """Both families are asked for."""
    records = {
        ("a.example", dns.A): [host("a.example", "192.0.2.1"), host("a.example", "192.0.2.2")],
        ("a.example", dns.AAAA): [host("a.example", "2001:db8::1")],
    }
    found = looked_up(lookups(Servers(records)).addresses("a.example", deadline()))
    assert found == ("2001:db8::1", "192.0.2.1", "192.0.2.2")


def test_one_family_is_enough() -> None:
    """A server that cannot answer for the other does not matter."""
    records = {("a.example", dns.A): [host("a.example", "192.0.2.1")]}
    servers = Servers(records, {f"a.example {dns.AAAA}": dns.ESERVER})
    assert looked_up(lookups(servers).addresses("a.example", deadline())) == ("192.0.2.1",)


def test_a_name_without_addresses_is_not_found() -> None:
    """Whether it exists or not."""
    for servers in (Servers({}), Servers({}, {"192.0.2.53": dns.ENAME})):
        with pytest.raises(Refused, match=r"a\.example has no address") as refusal:
            looked_up(lookups(servers).addresses("a.example", deadline()))
        assert refusal.value.reason is Reason.NOT_FOUND


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (dns.ESERVER, r"SERVFAIL"),
        (dns.EREFUSED, "refuses to answer"),
        (dns.ENOTIMP, "cannot answer"),
        (dns.EFORMAT, "did not understand"),
        (9, "failed"),
        (TimedOut(), "in time"),
        (ConnectError(), "cannot be reached"),  # type: ignore[no-untyped-call]
    ],
)
def test_what_could_not_be_found_out_is_unavailable(trouble: Any, words: str) -> None:
    """Every server is asked twice, and the last trouble told."""
    servers = Servers({}, {"192.0.2.53": trouble, "192.0.2.54": trouble})
    resolvers = ("192.0.2.53", "192.0.2.54")
    with pytest.raises(Refused, match=words) as refusal:
        looked_up(lookups(servers, resolvers=resolvers).texts("a.example", deadline()))
    assert refusal.value.reason is Reason.UNAVAILABLE
    assert "TXT of a.example" in refusal.value.detail
    assert [asked[0] for asked in servers.asked] == [*resolvers, *resolvers]
    with pytest.raises(Refused, match=words):
        looked_up(lookups(servers, resolvers=resolvers).addresses("a.example", deadline()))


def test_the_next_server_answers_for_one_in_trouble() -> None:
    """In the order of the settings."""
    servers = Servers({("a.example", dns.TXT): [text("a.example", b"x")]}, {"192.0.2.53": TimedOut()})
    found = looked_up(lookups(servers, resolvers=("192.0.2.53", "192.0.2.54")).texts("a.example", deadline()))
    assert found == (b"x",)


def test_no_server_is_asked_after_the_deadline() -> None:
    """Six seconds twice is more than ten."""
    clock = Clock()
    servers = Servers({}, {"192.0.2.53": TimedOut()}, clock)
    with pytest.raises(Refused, match="in time"):
        looked_up(lookups(servers, resolvers=("192.0.2.53",) * 5).texts("a.example", deadline(clock)))
    assert len(servers.asked) == 2


def test_texts_are_joined_strings() -> None:
    """Each record's; other kinds in the answer do not count."""
    records = {
        ("a.example", dns.TXT): [text("a.example", b"on", b"e"), text("a.example", b""), host("a.example", "::1")]
    }
    assert looked_up(lookups(Servers(records)).texts("a.example", deadline())) == (b"one", b"")


def test_no_texts_are_none() -> None:
    """A name that does not exist has none."""
    assert looked_up(lookups(Servers({}, {"192.0.2.53": dns.ENAME})).texts("a.example", deadline())) == ()


def test_aliases_within_an_answer_are_followed() -> None:
    """In any case of letters; records of other names do not count."""
    answers = [
        alias("A.example", "b.example"),
        alias("b.example", "C.Example"),
        text("c.example", b"x"),
        text("d.example", b"y"),
    ]
    assert looked_up(lookups(Servers({("a.example", dns.TXT): answers})).texts("a.example", deadline())) == (b"x",)


def test_aliases_out_of_an_answer_are_asked_for() -> None:
    """Where the server did not follow them."""
    records = {
        ("a.example", dns.TXT): [alias("a.example", "b.example")],
        ("b.example", dns.TXT): [alias("b.example", "c.example"), alias("c.example", "d.example")],
        ("d.example", dns.TXT): [text("d.example", b"x")],
    }
    servers = Servers(records)
    assert looked_up(lookups(servers).texts("a.example", deadline())) == (b"x",)
    assert [name for _, name, _ in servers.asked] == ["a.example", "b.example", "d.example"]


@pytest.mark.parametrize(
    "records",
    [
        {("a.example", dns.TXT): [alias("a.example", "b.example"), alias("b.example", "a.example")]},
        {
            ("a.example", dns.TXT): [alias("a.example", "b.example")],
            ("b.example", dns.TXT): [alias("b.example", "a.example")],
        },
    ],
)
def test_aliases_in_a_circle_end(records: Records) -> None:
    """Without a record, and without asking for ever."""
    servers = Servers(records)
    try:
        assert looked_up(lookups(servers).texts("a.example", deadline())) == ()
    except Refused as refused:
        assert refused.reason is Reason.UNAVAILABLE  # noqa: PT017
    assert len(servers.asked) <= 8


def test_fixed_hosts_are_not_looked_up() -> None:
    """Their addresses come from the settings, their texts from the resolvers."""
    servers = Servers({("x.emca.test", dns.TXT): [text("x.emca.test", b"x")]})
    mine = lookups(servers, hosts=(("*.emca.test", "127.0.0.1"),))
    assert looked_up(mine.addresses("x.emca.test", deadline())) == ("127.0.0.1",)
    assert servers.asked == []
    assert looked_up(mine.texts("x.emca.test", deadline())) == (b"x",)


def test_patterns_of_fixed_hosts() -> None:
    """A name is itself, `*.name` everything beneath it, at any depth."""
    hosts = (("a.test", "192.0.2.1"), ("*.a.test", "192.0.2.2"), ("a.test", "2001:db8::1"))
    assert list(fixed_addresses(hosts, "a.test")) == ["192.0.2.1", "2001:db8::1"]
    assert list(fixed_addresses(hosts, "x.y.a.test")) == ["192.0.2.2"]
    assert list(fixed_addresses(hosts, "ba.test")) == []


def test_the_systems_resolvers_are_asked_where_none_are_set(tmp_path: Path) -> None:
    """As resolv.conf has them at that moment."""
    path = tmp_path / "resolv.conf"
    servers = Servers({})
    mine = Lookups(NetworkSettings(), servers, path)  # type: ignore[arg-type]
    for address in ("192.0.2.7", "192.0.2.8"):
        path.write_text(f"nameserver {address}\n")
        looked_up(mine.texts("a.example", deadline()))
    assert [asked[0] for asked in servers.asked] == ["192.0.2.7", "192.0.2.8"]


def test_resolv_conf_is_read() -> None:
    """Addresses of both versions; the rest does not matter."""
    read = nameservers(
        "# x\nsearch a\nnameserver 192.0.2.1\nnameserver\nnameserver nonsense\n  nameserver 2001:db8::1 # y\n"
    )
    assert read == (("192.0.2.1", 53), ("2001:db8::1", 53))
    assert nameservers("") == (("127.0.0.1", 53),)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]", ("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
    ],
)
def test_resolvers_are_read(written: str, read: tuple[str, int]) -> None:
    """Address, and port if it is not 53."""
    assert server(written) == read


@pytest.mark.parametrize("written", ["", "resolver.example", "192.0.2.1:x", "[::1", "1:2", "[::1]:x", "[::1]53"])
def test_what_is_no_resolver(written: str) -> None:
    """Names would have to be looked up themselves."""
    with pytest.raises(ValueError, match=r"."):
        server(written)


@pytest.mark.parametrize("trouble", [{}, {"a.example 16": dns.ENAME}])
def test_only_validated_answers_count_where_they_must(trouble: dict[str, Any]) -> None:
    """The settings say so; that a name does not exist must be validated like what it holds."""
    servers = Servers({("a.example", dns.TXT): [text("a.example", b"x")]}, trouble)
    expected = () if trouble else (b"x",)
    both: dict[str, Any] = {"resolvers": ("192.0.2.1", "192.0.2.2")}
    assert looked_up(lookups(servers, **both).texts("a.example", deadline())) == expected
    with pytest.raises(Refused, match="did not validate") as refused:
        looked_up(lookups(servers, **both, dnssec="required").texts("a.example", deadline()))
    assert refused.value.reason is Reason.UNAVAILABLE
    servers.validated = frozenset({"192.0.2.2"})
    assert looked_up(lookups(servers, **both, dnssec="required").texts("a.example", deadline())) == expected
