"""Challenge and response with a running daemon: no client at hand speaks it, so the tests' own does, over HTTP."""

import urllib.request
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, rsa, x448, x25519

from emca_daemon.asn1 import der
from emca_daemon.clock import system_clock
from tests.support.cmp_challenges import answered, asked, number
from tests.support.cmp_site import SECRET
from tests.support.cmp_world import Client, CmpWorld, Reply
from tests.support.daemon import Daemon

pytestmark = pytest.mark.interop


class OverHttp:
    """As much of an endpoint as a client looks at; the rest is in another process."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.ca = SimpleNamespace(clock=system_clock)

    def answer(self, data: bytes, **_: str) -> Reply:
        """The answer to a message that is posted."""
        request = urllib.request.Request(self._url, data, {"Content-Type": "application/pkixcmp"})
        with urllib.request.urlopen(request, timeout=60) as response:
            assert response.headers["Content-Type"] == "application/pkixcmp"
            return Reply(response.read())


def client_of(daemon: Daemon, place: str = "") -> Client:
    """A client with the daemon's secret; `place` goes on the path."""
    world = OverHttp(f"http://127.0.0.1:{daemon.port}/.well-known/cmp{place}")
    return Client(cast(CmpWorld, world), secret=SECRET.encode())


@pytest.mark.parametrize("key", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())])
def test_who_can_decrypt_gets_the_certificate(cmp_daemon: Daemon, key: Any) -> None:
    """Ir, popdecc, popdecr, ip, certConf, pkiconf."""
    client = client_of(cmp_daemon)
    challenge = asked(client, key)
    assert challenge.type == "popdecc"
    reply = answered(client, number(challenge, key))
    assert (reply.type, reply.failure) == ("ip", "")
    assert reply.certificate.public_key() == key.public_key()
    assert client.confirm(reply.certificate).type == "pkiconf"


@pytest.mark.parametrize(
    "kind", [x25519.X25519PrivateKey, x448.X448PrivateKey, mlkem.MLKEM768PrivateKey, mlkem.MLKEM1024PrivateKey]
)
def test_keys_that_cannot_sign(cmp_daemon: Daemon, kind: Any) -> None:
    """The same by the demonstration's profile for them, for X25519, X448 and ML-KEM."""
    key = kind.generate()
    client = client_of(cmp_daemon, "/p/encryption")
    reply = answered(client, number(asked(client, key), key))
    assert (reply.type, reply.failure) == ("ip", "")
    assert reply.certificate.public_key() == key.public_key()
    assert client.confirm(reply.certificate).type == "pkiconf"


def test_who_cannot_gets_none(cmp_daemon: Daemon) -> None:
    """BadPOP."""
    client = client_of(cmp_daemon)
    asked(client, ec.generate_private_key(ec.SECP256R1()))
    reply = answered(client, der.integer(7))
    assert (reply.type, reply.failure) == ("ip", "badPOP")
