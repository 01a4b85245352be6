"""DNS look-ups for validation: fixed hosts from the settings first, then the configured resolvers or the system's.

We ask recursive resolvers and follow aliases ourselves where they did not. What does not exist is told from what
could not be found out, since only the latter may be different in a minute.
"""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TimedOut
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.names import dns

from emca_daemon.errors import Reason, Refused
from emca_daemon.outbound.dns_exchange import Exchange, Server
from emca_daemon.outbound.waiting import Deadline
from emca_daemon.settings.acme import NetworkSettings

PORT = 53
MAX_ALIASES = 8
"""How many CNAMEs in a row are followed."""

_PATIENCE = (2.0, 4.0)
"""Seconds for a server to answer, in the first round of all servers and in the second."""

_NAMES = {257: "CAA"}
"""Record types that twisted does not know."""

_CODES = {
    dns.EFORMAT: "did not understand the question",
    dns.ESERVER: "failed (SERVFAIL)",
    dns.ENOTIMP: "cannot answer such questions",
    dns.EREFUSED: "refuses to answer",
}


class Lookups:
    """Look-ups as the settings of one endpoint have them."""

    def __init__(
        self, settings: NetworkSettings, exchange: Exchange, resolv_conf: Path = Path("/etc/resolv.conf")
    ) -> None:
        """`resolv_conf` names the system's resolvers, asked where the settings list none."""
        self._hosts = tuple((pattern.lower(), address) for pattern, address in settings.hosts)
        self._resolvers = tuple(server(text) for text in settings.resolvers)
        self._validated = settings.dnssec == "required"
        self._exchange = exchange
        self._resolv_conf = resolv_conf

    async def addresses(self, name: str, deadline: Deadline) -> tuple[str, ...]:
        """The addresses of a host, IPv6 first.

        Raises Refused(NOT_FOUND) for a name without any and Refused(UNAVAILABLE) where that could not be found out.
        """
        fixed = tuple(fixed_addresses(self._hosts, name))
        if fixed:
            return fixed
        both = [Deferred.fromCoroutine(self._records(name, kind, deadline)) for kind in (dns.AAAA, dns.A)]
        found: list[str] = []
        failure: Refused | None = None
        for asked in both:
            try:
                records = await asked
            except Refused as refused:
                failure = refused
            else:
                found.extend(str(ip_address(record.address)) for record in records)
        if found:
            return tuple(found)
        raise failure or Refused(Reason.NOT_FOUND, f"{name} has no address")

    async def texts(self, name: str, deadline: Deadline) -> tuple[bytes, ...]:
        """The TXT records of a name, each record's strings joined; none if it does not exist.

        Raises Refused(UNAVAILABLE) where that could not be found out.
        """
        return tuple(b"".join(record.data) for record in await self._records(name, dns.TXT, deadline))

    async def raw(self, name: str, kind: int, deadline: Deadline) -> tuple[bytes, ...]:
        """The data of a name's records of a kind that twisted does not decode; none if it does not exist.

        Raises Refused(UNAVAILABLE) where that could not be found out.
        """
        return tuple(record.data for record in await self._records(name, kind, deadline))

    async def _records(self, name: str, kind: int, deadline: Deadline) -> Sequence[Any]:
        """The payloads of a name's records of a kind, behind its aliases."""
        wanted = name
        for _ in range(MAX_ALIASES):
            message = await self._answer(wanted, kind, deadline)
            records, target = follow(message.answers, wanted, kind)
            if records or target == wanted:
                return records
            wanted = target
        raise Refused(Reason.UNAVAILABLE, f"{name} is an alias of an alias, more than {MAX_ALIASES} times")

    async def _answer(self, name: str, kind: int, deadline: Deadline) -> dns.Message:
        """The first answer that says something, from the servers in their order, twice."""
        servers = self._resolvers or nameservers(self._resolv_conf.read_text(encoding="utf-8", errors="replace"))
        trouble = "there is no DNS server to ask"
        for patience in _PATIENCE:
            for address in servers:
                if deadline.passed:
                    break
                try:
                    message = await self._exchange.ask(address, name, kind, deadline.sooner(patience))
                except TimedOut:
                    trouble = f"the DNS server {address[0]} did not answer in time"
                except (ConnectError, ConnectionClosed):
                    trouble = f"the DNS server {address[0]} cannot be reached"
                else:
                    if message.rCode in (dns.OK, dns.ENAME) and (message.authenticData or not self._validated):
                        return message
                    if message.rCode in (dns.OK, dns.ENAME):
                        trouble = f"the DNS server {address[0]} did not validate the answer by DNSSEC"
                        continue
                    trouble = f"the DNS server {address[0]} {_CODES.get(message.rCode, 'failed')}"
        raise Refused(
            Reason.UNAVAILABLE,
            f"looking up {dns.QUERY_TYPES.get(kind, _NAMES.get(kind, f'TYPE{kind}'))} of {name}: {trouble}",
        )


def fixed_addresses(hosts: Sequence[tuple[str, str]], name: str) -> Iterator[str]:
    """The addresses that fixed hosts give a name; `*.x` stands for every name beneath `x`."""
    for pattern, address in hosts:
        if name == pattern or (pattern.startswith("*.") and name.endswith(pattern[1:])):
            yield address


def follow(answers: Sequence[dns.RRHeader], name: str, kind: int) -> tuple[list[Any], str]:
    """What an answer holds for a name: the payloads of that kind, and the last alias on the way to them."""
    target = name
    for _ in range(MAX_ALIASES):
        records = [one.payload for one in answers if one.type == kind and _text(one.name) == target]
        aliases: list[Any] = [one.payload for one in answers if one.type == dns.CNAME and _text(one.name) == target]
        if records or not aliases:
            return records, target
        target = _text(aliases[0].name)
    return [], target


def _text(name: dns.Name) -> str:
    """A name as we compare it."""
    return bytes(name.name).decode("ascii", "backslashreplace").lower().rstrip(".")


def server(text: str) -> Server:
    """A resolver from `address`, `address:port`, `[address]:port`; raises ValueError."""
    host, port = text, PORT
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            raise ValueError(f"not a resolver: {text}")
        port = int(rest[1:]) if rest else PORT
    elif text.count(":") == 1:
        host, _, rest = text.partition(":")
        port = int(rest)
    return str(ip_address(host)), port


def nameservers(resolv_conf: str) -> tuple[Server, ...]:
    """The servers that a resolv.conf(5) names; the local one if none."""
    found: list[Server] = []
    for line in resolv_conf.splitlines():
        words = line.split()
        if len(words) >= 2 and words[0] == "nameserver":
            try:
                ip_address(words[1])
            except ValueError:
                continue
            found.append((words[1], PORT))
    return tuple(found) or (("127.0.0.1", PORT),)
