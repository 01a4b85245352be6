"""Enrollments over CMP, in one process: by shared secret and by signature, beside the CA's core alone; and the wire."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from pyasn1.codec.der.decoder import decode
from pyasn1.codec.der.encoder import encode
from pyasn1_alt_modules import rfc9810

from bench.tables import Table
from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp import encode_header, encode_message, read_message
from emca_daemon.asn1.crmf import certificate_requests
from emca_daemon.ca.enrollment import Enrollment, Issued
from emca_daemon.policy.csr import read_csr
from emca_daemon.protocols.cmp import authentication, macs, replies, requests
from emca_daemon.protocols.cmp.calls import Origin
from tests.support import cmp_messages as build
from tests.support.ca_world import BY, ISSUING
from tests.support.cmp_messages import Template
from tests.support.cmp_world import MACHINE, Client, CmpWorld, Reply, enrolled, settings

ENROLLMENTS, ROUNDS, WIRE_ROUNDS = 60, 5, 2000
ORIGIN = Origin("127.0.0.1", "bench")


class Aside:
    """CPU time that is spent in certain functions, to be taken off; calls within calls count once."""

    def __init__(self) -> None:
        self.spent = 0.0
        self._inside = False

    @contextmanager
    def counted(self) -> Iterator[None]:
        """What runs in here is aside."""
        if self._inside:
            yield
            return
        self._inside, begun = True, time.process_time()
        try:
            yield
        finally:
            self._inside = False
            self.spent += time.process_time() - begun

    def take(self, owner: object, name: str) -> None:
        """Count a function of a module or a class from now on."""
        whole = getattr(owner, name)

        def counting(*given: Any, **named: Any) -> Any:
            with self.counted():
                return whole(*given, **named)

        setattr(owner, name, counting)

    def take_transactions(self, store: type) -> None:
        """Count a store's transactions for changes, their commit included."""
        whole = store.writing  # type: ignore[attr-defined]

        @contextmanager
        def counting(*given: Any, **named: Any) -> Any:
            with self.counted(), whole(*given, **named) as tx:
                yield tx

        store.writing = counting  # type: ignore[attr-defined]


def measure() -> Table:
    """Messages are made beforehand; only the daemon's part is counted, in the best of several rounds."""
    table = Table("CMP", ("what", "per CPU second", "CPU µs", "beside"))
    world = CmpWorld(settings(open_transactions=100_000))
    core = _core(world)
    table.add("the CA's core alone (decide, lint, sign, two commits in memory)", 1 / core, 1e6 * core, "")
    aside = _aside(type(world.ca.store))
    for name, client, tag in (
        ("ir + certConf, PasswordBasedMac with 500 iterations", world.client(), 0),
        ("cr + certConf, ECDSA P-256 both ways", enrolled(world), 2),
    ):
        cpu, own = min(_enrolling(world, client, tag, aside) for _ in range(ROUNDS))
        table.add(
            name, 1 / cpu, 1e6 * cpu, f"{1e6 * own:.0f} µs are the protocol's own, {cpu / core:.2g} times the core"
        )
    _wire(table, world)
    table.notes.append("The messages of a round trip are four.")
    table.notes.append("The protocol's own: all but the core, MACs and signatures, their checks, and commits.")
    return table


def _aside(store: type) -> Aside:
    aside = Aside()
    for owner, name in (
        (macs, "compute"),
        (macs, "verify"),
        (authentication, "verify_signature"),
        (requests, "verify_signature"),
        (replies, "sign"),
        (Enrollment, "enroll"),
    ):
        aside.take(owner, name)
    aside.take_transactions(store)
    return aside


def _core(world: CmpWorld) -> float:
    return min(_core_round(world) for _ in range(ROUNDS))


def _core_round(world: CmpWorld) -> float:
    asked = []
    for _ in range(ENROLLMENTS):
        key = Template().key
        assert key is not None
        csr = x509.CertificateSigningRequestBuilder(build.name("CN=dev1"))
        asked.append(csr.sign(key, SHA256()).public_bytes(Encoding.DER))
    begun = time.process_time()
    for request in asked:
        issued = world.ca.enrollment.enroll(read_csr(request, BY), MACHINE, issuer=ISSUING)
        assert isinstance(issued, Issued)
    return (time.process_time() - begun) / ENROLLMENTS


def _enrolling(world: CmpWorld, client: Client, tag: int, aside: Aside) -> tuple[float, float]:
    """CPU seconds an enrollment, and what of it is the protocol's own."""
    clients = [client.renewed() for _ in range(ENROLLMENTS)]
    asked = [one.written(tag, der.sequence(build.request(Template()))) for one in clients]
    aside.spent, begun = 0.0, time.process_time()
    answers = [world.exchange.answer(message, ORIGIN) for message in asked]
    cpu = time.process_time() - begun
    confirming = []
    for one, answer in zip(clients, answers, strict=True):
        reply = Reply(answer)
        one.answered = reply.octets("senderNonce")
        digest = reply.certificate.fingerprint(SHA256())
        status = der.sequence(der.octet_string(digest), der.integer(0))
        confirming.append(one.written(24, der.sequence(status)))
    begun = time.process_time()
    for message in confirming:
        world.exchange.answer(message, ORIGIN)
    cpu += time.process_time() - begun
    return cpu / ENROLLMENTS, (cpu - aside.spent) / ENROLLMENTS


def _wire(table: Table, world: CmpWorld) -> None:
    data = world.client().written(0, der.sequence(build.request(Template(extensions=(build.san("a.example"),)))))
    message = read_message(data)
    theirs = decode(data, asn1Spec=rfc9810.PKIMessage())[0]

    def write() -> bytes:
        body = der.explicit(message.type, message.body)
        return encode_message(encode_header(message.header), body, message.protection, ())

    assert write() == encode(theirs) == data
    ours = _each(lambda: certificate_requests(read_message(data).body))
    other = _each(lambda: decode(data, asn1Spec=rfc9810.PKIMessage()), WIRE_ROUNDS // 10)
    size = len(data)
    table.add(f"reading an ir of {size} octets, its request too", 1 / ours, 1e6 * ours, f"pyasn1 {1e6 * other:.0f} µs")
    ours, other = _each(write), _each(lambda: encode(theirs), WIRE_ROUNDS // 10)
    table.add("writing it", 1 / ours, 1e6 * ours, f"pyasn1 {1e6 * other:.0f} µs")


def _each(work: Callable[[], object], rounds: int = WIRE_ROUNDS) -> float:
    begun = time.process_time()
    for _ in range(rounds):
        work()
    return (time.process_time() - begun) / rounds
