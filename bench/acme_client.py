"""An ACME client for many orders at once: an account with its connection, and the answers to http-01."""

import asyncio
import json
import ssl
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from bench.http_client import Answer, Connection, NoAnswerError

FIRST_LOOK = 0.004
LONGEST_PAUSE = 0.25
"""Seconds between two looks at an order: short at first, then twice as long each time."""


class RefusedError(Exception):
    """The server's problem document, or as much of an error as there is."""

    def __init__(self, status: int, kind: str, detail: str) -> None:
        super().__init__(f"{status} {kind}: {detail}")
        self.status = status
        self.kind = kind

    @classmethod
    def by(cls, answer: Answer) -> "RefusedError":
        """What an error says."""
        problem = answer.problem()
        kind = str(problem.get("type", "")).removeprefix("urn:ietf:params:acme:error:")
        return cls(answer.status, kind, str(problem.get("detail", "")))


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate as it came: its order's address, the whole chain in PEM."""

    order: str
    chain: bytes

    def certificate(self) -> x509.Certificate:
        """The leaf."""
        return x509.load_pem_x509_certificate(self.chain)


def b64(data: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def trusting(bundle: bytes) -> ssl.SSLContext:
    """TLS that trusts these CA certificates in PEM."""
    return ssl.create_default_context(cadata=bundle.decode())


def make_csr(name: str) -> bytes:
    """A request in DER with a fresh P-256 key for one DNS name."""
    builder = x509.CertificateSigningRequestBuilder(x509.Name([]))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(ec.generate_private_key(ec.SECP256R1()), SHA256()).public_bytes(Encoding.DER)


class Answers:
    """Answers http-01 challenges on a port of loopback."""

    def __init__(self) -> None:
        self._texts: dict[str, bytes] = {}

    @asynccontextmanager
    async def serving(self, port: int) -> AsyncIterator[None]:
        """Answer while the block runs."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", port, backlog=1024)
        try:
            yield
        finally:
            server.close()

    def expect(self, token: str, text: str) -> None:
        """Answer for a token from now on."""
        self._texts[token] = text.encode()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(10):
                request = await reader.readuntil(b"\r\n\r\n")
                token = request.split(b" ", 2)[1].rpartition(b"/")[2].decode()
                text = self._texts.get(token, b"")
                head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n"
                writer.write(head.encode() + text)
                await writer.drain()
        except (OSError, EOFError):
            pass
        finally:
            writer.close()


class Account:
    """An account of its own key, on a connection of its own."""

    def __init__(self, connection: Connection, directory: str, answers: Answers | None = None) -> None:
        """`directory` is the address of the ACME directory; `answers` is told what validation asks for."""
        self.connection = connection
        self._directory_url = directory
        self._directory: dict[str, str] = {}
        self._answers = answers
        self._key = ec.generate_private_key(ec.SECP256R1())
        numbers = self._key.public_key().public_numbers()
        x, y = (b64(number.to_bytes(32)) for number in (numbers.x, numbers.y))
        self._jwk = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
        self._thumbprint = b64(sha256(_compact(self._jwk)).digest())
        self._kid = ""
        self._nonce = ""

    async def register(self) -> None:
        """NewAccount; nothing once there is one."""
        if not self._directory:
            self._directory = (await self._unsigned("GET", self._directory_url)).json()
        if not self._kid:
            answer = await self.post(self._directory["newAccount"], {"termsOfServiceAgreed": True})
            self._kid = answer.headers["location"]

    async def post(self, url: str, payload: object = None) -> Answer:
        """A signed request, POST-as-GET without payload; raises RefusedError and NoAnswerError."""
        while True:
            nonce, self._nonce = self._nonce or await self._fresh_nonce(), ""
            body = self._sign(url, nonce, b"" if payload is None else _compact(payload))
            answer = await self.connection.ask("POST", url, body, "application/jose+json")
            self._nonce = answer.headers.get("replay-nonce", "")
            if answer.status < 400:
                return answer
            refused = RefusedError.by(answer)
            if refused.kind != "badNonce":
                raise refused

    async def obtain(self, name: str, csr: bytes, started: Callable[[str], None] = lambda _: None) -> Issued:
        """A whole order; `started` is told its address. Raises RefusedError and NoAnswerError."""
        payload = {"identifiers": [{"type": "dns", "value": name}]}
        answer = await self.post(self._directory["newOrder"], payload)
        url, order = answer.headers["location"], answer.json()
        started(url)
        for authorization in order["authorizations"] if order["status"] == "pending" else ():
            await self._prove(authorization)
        return await self.finish(url, csr)

    async def finish(self, url: str, csr: bytes) -> Issued:
        """Take an order whose challenges are under way to its certificate."""
        order = await self._settled(url, "pending")
        if order["status"] == "ready":
            answer = await self.post(order["finalize"], {"csr": b64(csr)})
            order = answer.json()
        if order["status"] == "processing":
            order = await self._settled(url, "processing")
        if order["status"] != "valid":
            raise RefusedError(200, order["status"], json.dumps(order.get("error", "the order is over")))
        return Issued(url, (await self.post(order["certificate"])).body)

    async def revoke(self, der: bytes) -> None:
        """RevokeCert; a certificate revoked already is no failure."""
        try:
            await self.post(self._directory["revokeCert"], {"certificate": b64(der), "reason": 4})
        except RefusedError as refused:
            if refused.kind != "alreadyRevoked":
                raise

    async def _prove(self, url: str) -> None:
        challenges = (await self.post(url)).json()["challenges"]
        challenge = next(one for one in challenges if one["type"] == "http-01")
        if challenge["status"] == "pending":
            if self._answers is not None:
                self._answers.expect(challenge["token"], f"{challenge['token']}.{self._thumbprint}")
            await self.post(challenge["url"], {})

    async def _settled(self, url: str, status: str) -> Any:
        """The order once it left a status; raises NoAnswerError after half a minute."""
        pause = FIRST_LOOK
        async with _patience():
            while (order := (await self.post(url)).json())["status"] == status:
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        return order

    async def _fresh_nonce(self) -> str:
        return (await self._unsigned("HEAD", self._directory["newNonce"])).headers["replay-nonce"]

    async def _unsigned(self, method: str, url: str) -> Answer:
        answer = await self.connection.ask(method, url)
        if answer.status >= 400:
            raise RefusedError.by(answer)
        return answer

    def _sign(self, url: str, nonce: str, payload: bytes) -> bytes:
        who: dict[str, object] = {"kid": self._kid} if self._kid else {"jwk": self._jwk}
        protected = b64(_compact({"alg": "ES256", "nonce": nonce, "url": url, **who}))
        content = b64(payload)
        signature = self._key.sign(f"{protected}.{content}".encode(), ec.ECDSA(SHA256()))
        r, s = decode_dss_signature(signature)
        raw = b64(r.to_bytes(32) + s.to_bytes(32))
        return _compact({"protected": protected, "payload": content, "signature": raw})


@asynccontextmanager
async def _patience() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(30):
            yield
    except TimeoutError as error:
        raise NoAnswerError("the order does not move") from error


def _compact(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
