"""Channel bindings."""

from base64 import b64encode
from unittest.mock import sentinel

import pytest

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.est.binding import check_binding
from emca_daemon.protocols.est.clients import Client, TrustedCertificate
from emca_daemon.protocols.http import Peer

EXPORTER, UNIQUE = bytes(range(32)), bytes(range(12))
PEERS = {"exporter": Peer("192.0.2.9", exporter=EXPORTER), "unique": Peer("192.0.2.9", unique=UNIQUE)}


@pytest.mark.parametrize("policy", ["required", "if-present", "off"])
@pytest.mark.parametrize(("kind", "value"), [("exporter", EXPORTER), ("unique", UNIQUE)])
def test_the_binding_of_the_session_is_right(kind: str, value: bytes, policy: str) -> None:
    """tls-exporter on TLS 1.3, tls-unique on 1.2."""
    check_binding(b64encode(value).decode(), PEERS[kind], Client(), policy)


@pytest.mark.parametrize("policy", ["required", "if-present"])
@pytest.mark.parametrize("challenge", ["x", b64encode(UNIQUE).decode(), b64encode(EXPORTER[:-1]).decode(), "ü"])
def test_another_one_is_refused(challenge: str, policy: str) -> None:
    """Even where none is required."""
    for peer in (PEERS["exporter"], Peer("192.0.2.9")):
        with pytest.raises(Refused) as refused:
            check_binding(challenge, peer, Client(), policy)
        assert refused.value.reason is Reason.BAD_PROOF_OF_POSSESSION


def test_none_is_refused_where_it_is_required() -> None:
    """And only there; an agent asks for keys of others."""
    for absent in (None, ""):
        check_binding(absent, PEERS["unique"], Client(), "if-present")
        with pytest.raises(Refused):
            check_binding(absent, PEERS["unique"], Client(), "required")
    check_binding("anything", PEERS["unique"], Client(), "off")
    agent = Client(None, TrustedCertificate(sentinel.certificate, agent=True))
    check_binding(None, PEERS["unique"], agent, "required")
