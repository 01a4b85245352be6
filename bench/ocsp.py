"""OCSP by POST over kept connections: answers from memory, and answers signed for one request."""

import time

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from bench.measuring import cpu_seconds, resident_megabytes
from bench.site import Generator, Site, serving
from bench.tables import Table

REQUESTS = 6_000
WARM_UP = 200


def measure() -> Table:
    """The status of the issuing CA's own OCSP signer or TLS certificate, asked again and again."""
    table = Table(
        "OCSP", ("answer", "requests per CPU second", "CPU µs", "ratio to a signature", "requests/s", "errors")
    )
    signature = bare_signature()
    with serving() as site:
        for name, nonces in (("from memory", ()), ("signed, with a nonce", ("--nonces",))):
            _ask(site, WARM_UP, *nonces)
            before = cpu_seconds(site.pid)
            report = _ask(site, REQUESTS, *nonces)
            cpu = (cpu_seconds(site.pid) - before) / REQUESTS
            rate = REQUESTS / report["seconds"]
            table.add(name, 1 / cpu, 1e6 * cpu, cpu / signature, rate, report["failures"])
        table.notes.append(f"The daemon had at most {resident_megabytes(site.pid):.0f} MB resident.")
    table.notes += [
        (
            f"The bare P-256 signature costs {1e6 * signature:.0f} µs; the CPU figures are the daemon's: network, "
            "HTTP, OCSP, store, signature."
        ),
        "Requests/s is bounded by the load generator, which is Python too.",
    ]
    return table


def bare_signature(count: int = 2_000) -> float:
    """CPU seconds of one P-256 signature."""
    key, algorithm = ec.generate_private_key(ec.SECP256R1()), ec.ECDSA(SHA256())
    begun = time.process_time()
    for _ in range(count):
        key.sign(b"some 300 octets of a response to be signed" * 7, algorithm)
    return (time.process_time() - begun) / count


def _ask(site: Site, requests: int, *more: str) -> dict[str, float]:
    home, url = site.daemon.home, site.daemon.endpoints["ocsp.url"]
    files = ("--certificate", str(home / "tls.pem"), "--issuer", str(home / "issuer.pem"))
    with Generator("bench.ocsp_client", "--url", url, *files, "--requests", str(requests), *more) as one:
        if not one.ready():
            raise RuntimeError("the OCSP load generator did not start")
        report: dict[str, float] = one.run()
        return report
