"""What clients do to a daemon that dies again and again, and what they remember of it."""

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from hashlib import sha256
from itertools import count
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.ocsp import OCSPCertStatus

from bench.acme_client import Account, Answers, Issued, RefusedError, make_csr, trusting
from bench.http_client import Connection, NoAnswerError
from tests.support.daemon import Daemon

T = TypeVar("T")

PAUSE = 0.05
RESUMING = 3.0
"""Seconds for which a client tries to finish an order that a crash interrupted, before it places another."""


class Memory:
    """What the clients were told; `faults` is what they should not have been told."""

    def __init__(self) -> None:
        self.issued: dict[str, tuple[Account, Issued]] = {}
        self.given_up: dict[str, Account] = {}
        self.revoked: set[x509.Certificate] = set()
        self.asked_to_revoke: set[x509.Certificate] = set()
        self.faults: list[str] = []
        self._crls: dict[int, bytes] = {}

    @property
    def certificates(self) -> list[x509.Certificate]:
        """Every leaf that somebody received."""
        return [issued.certificate() for _, issued in self.issued.values()]

    @property
    def crl_numbers(self) -> list[int]:
        """The numbers of the CRLs seen, as they were seen."""
        return list(self._crls)

    def see_crl(self, der: bytes) -> None:
        """A CRL was downloaded: its number is a new highest one, or it is the very list seen last."""
        crl = x509.load_der_x509_crl(der)
        number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        digest = sha256(der).digest()
        if self._crls and number < max(self._crls):
            self.faults.append(f"CRL {number} came after CRL {max(self._crls)}")
        elif self._crls.setdefault(number, digest) != digest:
            self.faults.append(f"there are two CRLs {number}")


class Traffic:
    """Several clients that order and revoke, and one that watches the CRL, on a thread of their own."""

    def __init__(self, daemon: Daemon, answers_port: int, clients: int = 6) -> None:
        """`answers_port` is where the daemon looks for http-01 answers."""
        self.memory = Memory()
        self._daemon = daemon
        self._port = answers_port
        self._answers = Answers()
        self._clients = clients
        self._names = count()
        self._tasks: list[asyncio.Task[None]] = []
        self._accounts: list[Account] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="traffic")

    def __enter__(self) -> "Traffic":
        """The clients begin."""
        self._thread.start()
        self._do(self._begin())
        return self

    def __exit__(self, *_: object) -> None:
        """Everything ends."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def pause(self) -> None:
        """The clients stop where they are."""
        self._do(self._end())

    def read_again(self) -> dict[str, bytes]:
        """Every certificate received, downloaded once more: order to chain."""
        return self._do(self._read_again())

    def states(self) -> dict[str, str]:
        """How the orders stand whose end nobody learnt."""
        return self._do(self._states())

    def ocsp(self, certificates: list[x509.Certificate]) -> list[OCSPCertStatus]:
        """What OCSP says of each."""
        return self._do(self._ask_ocsp(certificates))

    def crl(self) -> x509.CertificateRevocationList:
        """The CRL as it is published now."""
        return x509.load_der_x509_crl(self._do(self._download_crl()))

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(120)

    async def _begin(self) -> None:
        work = [self._order() for _ in range(self._clients)]
        self._tasks = [asyncio.create_task(one) for one in (*work, self._watch_crl(), self._answer())]

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        for outcome in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome
        self._tasks.clear()
        for account in self._accounts:
            account.connection.drop()

    async def _answer(self) -> None:
        async with self._answers.serving(self._port):
            await asyncio.Event().wait()

    async def _order(self) -> None:
        """One client: an order after the other; every third certificate is revoked."""
        directory = self._daemon.directory
        connection = Connection(directory, trusting(self._daemon.ca_bundle.read_bytes()))
        account = Account(connection, directory, self._answers)
        self._accounts.append(account)
        for number in count():
            issued = await self._obtain(account)
            if issued is None:
                await asyncio.sleep(PAUSE)
            elif number % 3 == 0:
                await self._revoke(account, issued.certificate())

    async def _obtain(self, account: Account) -> Issued | None:
        name = f"n{next(self._names)}.emca.test"
        csr = make_csr(name)
        begun: list[str] = []
        try:
            await account.register()
            issued = await account.obtain(name, csr, begun.append)
        except (NoAnswerError, RefusedError) as error:
            self._note(error)
            if not begun:
                return None
            self.memory.given_up[begun[0]] = account
            resumed = await self._resume(account, begun[0], csr)
            if resumed is None:
                return None
            issued = resumed
        self.memory.given_up.pop(issued.order, None)
        self.memory.issued[issued.order] = (account, issued)
        return issued

    async def _resume(self, account: Account, url: str, csr: bytes) -> Issued | None:
        """Try for a while to take an interrupted order to its end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(RESUMING):
                while True:
                    await asyncio.sleep(PAUSE)
                    try:
                        return await account.finish(url, csr)
                    except NoAnswerError:
                        continue
                    except RefusedError as refused:
                        self._note(refused)
                        if refused.kind == "invalid":
                            break
        return None

    async def _revoke(self, account: Account, certificate: x509.Certificate) -> None:
        """Ask until it is acknowledged."""
        self.memory.asked_to_revoke.add(certificate)
        while certificate not in self.memory.revoked:
            try:
                await account.revoke(certificate.public_bytes(Encoding.DER))
            except (NoAnswerError, RefusedError) as error:
                self._note(error)
                await asyncio.sleep(PAUSE)
            else:
                self.memory.revoked.add(certificate)

    def _note(self, error: Exception) -> None:
        """Being unavailable is no fault, nor is an order whose serial was abandoned after a crash."""
        if isinstance(error, RefusedError) and error.status != 503 and error.kind != "invalid":
            self.memory.faults.append(str(error))

    async def _watch_crl(self) -> None:
        while True:
            with suppress(NoAnswerError):
                self.memory.see_crl(await self._download_crl())
            await asyncio.sleep(PAUSE)

    async def _download_crl(self) -> bytes:
        url = self._daemon.endpoints["crl.url"]
        connection = Connection(url)
        try:
            answer = await connection.ask("GET", url)
        finally:
            await connection.close()
        if answer.status != 200:
            raise NoAnswerError(f"the CRL's download ended with {answer.status}")
        return answer.body

    async def _read_again(self) -> dict[str, bytes]:
        found = {}
        for order, (account, issued) in self.memory.issued.items():
            found[order] = (await account.finish(order, b"")).chain
            assert issued.order == order
        return found

    async def _states(self) -> dict[str, str]:
        orders = self.memory.given_up.items()
        return {url: str((await account.post(url)).json()["status"]) for url, account in orders}

    async def _ask_ocsp(self, certificates: list[x509.Certificate]) -> list[OCSPCertStatus]:
        issuer = x509.load_pem_x509_certificate((self._daemon.home / "issuer.pem").read_bytes())
        url = self._daemon.endpoints["ocsp.url"]
        connection = Connection(url)
        found = []
        for certificate in certificates:
            request = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, SHA256()).build()
            body = request.public_bytes(Encoding.DER)
            answer = await connection.ask("POST", url, body, "application/ocsp-request")
            found.append(ocsp.load_der_ocsp_response(answer.body).certificate_status)
        await connection.close()
        return found
