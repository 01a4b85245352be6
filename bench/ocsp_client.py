"""The load of OCSP requests, a process of its own, driven as `bench.load_client` is."""

import argparse
import asyncio
import json
import os
import sys
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from bench.http_client import Connection

CONNECTIONS = 8


def request_for(certificate: x509.Certificate, issuer: x509.Certificate, nonce: bytes = b"") -> bytes:
    """A request in DER."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, SHA1())
    if nonce:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


async def drive(options: argparse.Namespace) -> dict[str, object]:
    """Prepare, wait for the word, run, report."""
    certificate, issuer = (
        x509.load_pem_x509_certificate(path.read_bytes()) for path in (options.certificate, options.issuer)
    )
    fresh = options.nonces
    pile = [request_for(certificate, issuer, os.urandom(32) if fresh else b"") for _ in range(options.requests)]  # noqa: TID251
    failures = 0

    async def work() -> None:
        nonlocal failures
        connection = Connection(options.url)
        while pile:
            answer = await connection.ask("POST", options.url, pile.pop(), "application/ocsp-request")
            failures += answer.status != 200 or not answer.body.startswith(b"\x30\x82")
        await connection.close()

    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    begun = time.monotonic()
    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return {"seconds": time.monotonic() - begun, "failures": failures}


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description="Ask an OCSP responder again and again.")
    parser.add_argument("--url", required=True)
    parser.add_argument("--certificate", required=True, type=Path)
    parser.add_argument("--issuer", required=True, type=Path)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--nonces", action="store_true", help="a fresh nonce in every request")
    print(json.dumps(asyncio.run(drive(parser.parse_args()))), flush=True)


if __name__ == "__main__":
    main()
