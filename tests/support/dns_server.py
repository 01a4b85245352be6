"""A small authoritative DNS server for tests: answers from a JSON file that it reads again at every question.

The file maps names to record types to lists of values, for instance
`{"_acme-challenge.a.test": {"TXT": ["one", "two"]}, "a.test": {"A": ["127.0.0.1"]}, "b.test": {"CNAME": ["a.test"]},
"c.test": {"FAIL": []}}`, where FAIL makes it answer SERVFAIL; a CAA record is written `0 issue "ca.test"`. A name
`*.a.test` answers for every name beneath that has no entry of its own.

Run it with `python -m tests.support.dns_server --port 5353 --zone-file zone.json`; it prints `ready PORT`.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from twisted.internet import reactor as installed_reactor
from twisted.internet.defer import Deferred, fail, succeed
from twisted.names import dns
from twisted.names.error import DNSNameError, ResolverError
from twisted.names.server import DNSServerFactory

CAA = 257
Zone = Mapping[str, Mapping[str, Sequence[str]]]

reactor: Any = installed_reactor
Answer = tuple[list[dns.RRHeader], list[dns.RRHeader], list[dns.RRHeader]]


class ZoneFile:
    """Answers questions from the file, as twisted.names asks resolvers."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def query(self, query: dns.Query, timeout: object = None) -> Deferred[Answer]:
        """The answer, aliases followed within the file; DNSNameError for a name that is not in it."""
        zone: Zone = json.loads(self._path.read_text() or "{}")
        answers: list[dns.RRHeader] = []
        name = query.name.name.decode("ascii").lower()
        for _ in range(8):
            entry = _entry(zone, name)
            if entry is None:
                return succeed((answers, [], [])) if answers else fail(DNSNameError(name))
            if "FAIL" in entry:
                return fail(ResolverError(name))
            kind = dns.QUERY_TYPES.get(query.type, "CAA" if query.type == CAA else "")
            answers += [_record(name, query.type, value) for value in entry.get(kind, ())]
            if kind in entry or "CNAME" not in entry:
                break
            answers.append(_record(name, dns.CNAME, entry["CNAME"][0]))
            name = entry["CNAME"][0]
        return succeed((answers, [], []))


_SIMPLE: Mapping[int, Any] = {dns.A: dns.Record_A, dns.AAAA: dns.Record_AAAA, dns.CNAME: dns.Record_CNAME}


def _entry(zone: Zone, name: str) -> Mapping[str, Sequence[str]] | None:
    """The entry of a name, or of the wildcard above it."""
    labels = name.split(".")
    candidates = [name, *("*." + ".".join(labels[start:]) for start in range(1, len(labels)))]
    return next((zone[candidate] for candidate in candidates if candidate in zone), None)


def _record(name: str, kind: int, value: str) -> dns.RRHeader:
    """One record; long texts are cut into strings of 255 octets."""
    payload: Any
    if kind == CAA:
        flags, tag, text = value.split(" ", 2)
        payload = dns.UnknownRecord(bytes([int(flags), len(tag)]) + tag.encode() + text.strip('"').encode())  # type: ignore[no-untyped-call]
    elif kind == dns.TXT:
        octets = value.encode()
        strings = [octets[start : start + 255] for start in range(0, len(octets), 255)] or [b""]
        payload = dns.Record_TXT(*strings)  # type: ignore[no-untyped-call]
    else:
        payload = _SIMPLE[kind](value)
    return dns.RRHeader(name, kind, dns.IN, 0, payload, auth=True)


def serve(path: Path, port: int, host: str = "127.0.0.1") -> tuple[int, list[Any]]:
    """Listen on UDP and TCP on one port (0: any); the port and what to stop."""
    factory: Any = DNSServerFactory(clients=[ZoneFile(path)])  # type: ignore[no-untyped-call]
    factory.noisy = False
    tcp = reactor.listenTCP(port, factory, interface=host)
    number = tcp.getHost().port
    udp = reactor.listenUDP(number, dns.DNSDatagramProtocol(factory), interface=host)  # type: ignore[no-untyped-call]
    return number, [tcp, udp]


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="Answer DNS questions from a JSON file.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--zone-file", type=Path, required=True)
    arguments = parser.parse_args()
    if not arguments.zone_file.exists():
        arguments.zone_file.write_text("{}")
    port, _ = serve(arguments.zone_file, arguments.port, arguments.host)
    sys.stdout.write(f"ready {port}\n")
    sys.stdout.flush()
    reactor.run()


if __name__ == "__main__":
    main()
