"""Enrollments over CMP, in one process: by shared secret and by signature, beside the CA's core alone; and the wire."""

import time
from collections.abc import Callable

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
from emca_daemon.ca.enrollment import Issued
from emca_daemon.policy.csr import read_csr
from emca_daemon.protocols.cmp.calls import Origin
from tests.support import cmp_messages as build
from tests.support.ca_world import BY, ISSUING
from tests.support.cmp_messages import Template
from tests.support.cmp_world import MACHINE, Client, CmpWorld, Reply, enrolled

ROUNDS, WIRE_ROUNDS = 300, 2000
ORIGIN = Origin("127.0.0.1", "bench")


def measure() -> Table:
    """Messages are made beforehand or beside the clock; only the daemon's part is counted."""
    table = Table("CMP", ("what", "per CPU second", "CPU µs", "beside"))
    world = CmpWorld()
    core = _core(world)
    table.add("the CA's core alone (decide, lint, sign, two commits in memory)", 1 / core, 1e6 * core, "")
    for name, client, tag in (
        ("ir + certConf, PasswordBasedMac with 500 iterations", world.client(), 0),
        ("cr + certConf, ECDSA P-256 both ways", enrolled(world), 2),
    ):
        cpu = _enrolling(world, client, tag)
        table.add(name, 1 / cpu, 1e6 * cpu, f"{1e6 * (cpu - core):.0f} µs more than the core")
    _wire(table, world)
    table.notes.append("The messages of a round trip are four; what is beside the core is all of theirs together.")
    return table


def _core(world: CmpWorld) -> float:
    requests = []
    for _ in range(ROUNDS):
        key = Template().key
        assert key is not None
        csr = x509.CertificateSigningRequestBuilder(build.name("CN=dev1"))
        requests.append(csr.sign(key, SHA256()).public_bytes(Encoding.DER))
    begun = time.process_time()
    for request in requests:
        issued = world.ca.enrollment.enroll(read_csr(request, BY), MACHINE, issuer=ISSUING)
        assert isinstance(issued, Issued)
    return (time.process_time() - begun) / ROUNDS


def _enrolling(world: CmpWorld, client: Client, tag: int) -> float:
    spent = 0.0
    for _ in range(ROUNDS):
        client = client.renewed()
        asked = client.written(tag, der.sequence(build.request(Template())))
        begun = time.process_time()
        answer = world.exchange.answer(asked, ORIGIN)
        spent += time.process_time() - begun
        reply = Reply(answer)
        client.answered = reply.octets("senderNonce")
        digest = reply.certificate.fingerprint(SHA256())
        status = der.sequence(der.octet_string(digest), der.integer(0))
        confirming = client.written(24, der.sequence(status))
        begun = time.process_time()
        world.exchange.answer(confirming, ORIGIN)
        spent += time.process_time() - begun
    return spent / ROUNDS


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
