"""What hostile CMP messages cost the decoders: the worst of many broken ones, by size, and whether memory grows."""

import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from random import Random  # noqa: TID251 - chance that a seed repeats

from bench.tables import Table
from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp import Body, read_message, salvage
from emca_daemon.asn1.cmp_content import certificate_statuses, general_message, poll_requests, revocation_requests
from emca_daemon.asn1.crmf import certificate_requests
from emca_daemon.errors import Refused
from tests.support.cmp_corpus import bodies
from tests.support.cmp_world import CmpWorld, enrolled
from tests.support.mutations import mutated

SEEDS, ROUNDS = 200, 3
LARGEST = 250_000
READERS: dict[Body, Callable[[bytes], object]] = {
    Body.IR: certificate_requests,
    Body.CR: certificate_requests,
    Body.KUR: certificate_requests,
    Body.RR: revocation_requests,
    Body.CERTCONF: certificate_statuses,
    Body.POLLREQ: poll_requests,
    Body.GENM: general_message,
}


def measure() -> Table:
    """Each message is read as the daemon reads it; times are the best of several, so that others disturb less."""
    table = Table(
        "CMP: hostile messages",
        ("what", "messages", "worst ms per kB", "mean ms per kB", "octets kept a message"),
    )
    for name, messages in (("broken at one to three places", _broken()), ("as large as is taken", _large())):
        costs = [_cost(message) for message in messages]
        kept = _kept(messages)
        table.add(name, len(messages), max(costs), sum(costs) / len(costs), kept / (ROUNDS * len(messages)))
    table.notes.append("A message below 1 kB counts as 1 kB. The budget is 10 ms per kB.")
    table.notes.append("What is kept are the interpreter's own pools, which grow less with every pass.")
    return table


def _broken() -> list[bytes]:
    world = CmpWorld()
    client = enrolled(world)
    assert client.signer is not None
    kinds = bodies(client.signer[0])
    found = []
    for seed in range(SEEDS):
        random = Random(seed)
        for tag, content in kinds:
            found.append(client.written(tag, mutated(content, random)))
            found.append(mutated(client.written(tag, content), random))
    return [message for message in found if len(message) <= LARGEST]


def _large() -> list[bytes]:
    """Repetition and depth, up to the size that the responder takes."""
    client = CmpWorld().client()
    information = der.sequence(der.oid("1.2.3"))
    many, text = information * (LARGEST // len(information)), der.tlv(0x0C, b"a")
    deep = b""
    while len(deep) < LARGEST // 2:
        deep = der.sequence(deep)
    return [
        client.with_header(information=(many,)).written(Body.GENM, der.sequence()),
        *(client.written(tag, content) for tag, content in _repeated(text, information)),
        *(client.written(tag, deep) for tag in READERS),
        client.written(Body.IR, der.sequence(der.sequence(deep, deep))),
        bytes(LARGEST),
        b"\x30" * LARGEST,
        b"\x30\x83\x03\xff\xff" * (LARGEST // 5),
    ]


def _repeated(*parts: bytes) -> Iterator[tuple[Body, bytes]]:
    for part in parts:
        for tag in READERS:
            yield tag, der.sequence(part * (LARGEST // len(part)))


def _read(data: bytes) -> None:
    """As the daemon does: salvaged where it cannot be read."""
    try:
        message = read_message(data)
    except Refused:
        salvage(data)
        return
    reader = READERS.get(message.type)
    if reader is not None:
        with suppress(Refused):
            reader(message.body)


def _cost(data: bytes) -> float:
    spent = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        _read(data)
        spent.append(time.perf_counter() - begun)
    return 1000 * min(spent) / max(1.0, len(data) / 1024)


def _kept(messages: list[bytes]) -> int:
    """Octets that are held after several passes more than after two: what grows without end would show."""
    tracemalloc.start()
    _pass(messages)
    _pass(messages)
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(ROUNDS):
        _pass(messages)
    kept = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return kept


def _pass(messages: list[bytes]) -> None:
    for message in messages:
        _read(message)
    gc.collect()
