"""What clients encrypt for the CA."""

import pytest

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp import read_message
from emca_daemon.asn1.cms_enveloping import ToCertificate, ToPassword
from emca_daemon.asn1.values import Algorithm
from emca_daemon.errors import Refused
from emca_daemon.protocols.cmp.calls import Call, Origin
from emca_daemon.protocols.cmp.credentials import Credential, Kind
from emca_daemon.protocols.cmp.envelopes import opened
from emca_daemon.protocols.cmp.ports import Registration, SharedSecret
from tests.support.cmp_envelopes import encrypted_key
from tests.support.cmp_world import SECRET, CmpWorld, enrolled

CONTENT = b"what is inside"
SHARED = SharedSecret("dev1", SECRET, Registration())


@pytest.fixture(scope="module")
def world() -> CmpWorld:
    """An endpoint."""
    return CmpWorld()


def call(world: CmpWorld, secret: SharedSecret | None) -> Call:
    """By who knows the secret, or by somebody else."""
    kind = Kind.CERTIFICATE if secret is None else Kind.SECRET
    credential = Credential(kind, "key", "identity", Algorithm("1.2.3"), secret=secret)
    message = read_message(world.client().written(21, der.sequence()))
    return Call(world.endpoint, message, credential, None, Origin("192.0.2.9", "req-9"), world.ca.clock(), b"")


def envelope(recipient: ToPassword | ToCertificate) -> bytes:
    """EnvelopedData."""
    return b"\x30" + encrypted_key(recipient, None, CONTENT)[1:]


def test_for_the_secret_or_for_the_responder(world: CmpWorld) -> None:
    """Who knows the secret may encrypt to the responder, too."""
    responder = ToCertificate(world.signers.current().certificate)
    assert opened(call(world, SHARED), envelope(ToPassword(SECRET))) == CONTENT
    assert opened(call(world, SHARED), envelope(responder)) == CONTENT
    assert opened(call(world, None), envelope(responder)) == CONTENT


def test_for_others(world: CmpWorld) -> None:
    """Refused."""
    client = enrolled(world)
    assert client.signer is not None
    for secret, recipient in (
        (None, ToPassword(SECRET)),
        (None, ToCertificate(client.signer[0])),
        (SHARED, ToCertificate(client.signer[0])),
        (SHARED, ToPassword(b"another")),
    ):
        with pytest.raises(Refused):
            opened(call(world, secret), envelope(recipient))
    with pytest.raises(Refused):
        opened(call(world, SHARED), b"\x30\x00")
