"""TLS of a listener, both sides in memory."""

import contextlib
import os
from dataclasses import replace
from pathlib import Path

import pytest
from OpenSSL import SSL
from structlog.testing import capture_logs
from twisted.internet.protocol import Protocol, connectionDone

from emca_daemon.errors import Refused
from emca_daemon.listeners.connection import HttpFactory
from emca_daemon.listeners.front import Front
from emca_daemon.listeners.tls import (
    EXPORTER_LABEL,
    TlsContext,
    TlsFiles,
    identification,
    identify_plain,
    identify_secure,
    wrap,
)
from emca_daemon.settings.model import TlsSettings
from tests.listeners.certificates import SERVER_ONLY, Holder, certify
from tests.listeners.stage import Stage, Wire, parse

SERVER = certify("server.example")
AUTHORITY = certify("Client CA")
CLIENT = certify("client", AUTHORITY)


def settings(directory: Path, clients: str = "no", authority: Holder = AUTHORITY) -> TlsSettings:
    """Of a listener that knows one client authority."""
    certificate, key = SERVER.write(directory)
    authorities, _ = authority.write(directory, "authority")
    return TlsSettings(
        certificate=certificate,
        key=key,
        client_certificates=clients,
        client_authorities=(authorities,) if clients != "no" else (),
    )


def client_context(version: int | None = None, holder: Holder | None = None) -> SSL.Context:
    """A client of at most that version, with a certificate or without."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    if version is not None:
        context.set_max_proto_version(version)
    if holder is not None:
        context.use_certificate(holder.certificate)
        context.use_privatekey(holder.key)
    context.set_alpn_protos([b"h2", b"http/1.1"])
    return context


class Conversation:
    """A client and a listener, connected in memory."""

    def __init__(self, context: TlsContext, client: SSL.Context) -> None:
        """The handshake follows with the first request."""
        self.stage = Stage()
        front = self.stage.front
        secure = Front(
            answering=front.answering,
            connections=front.connections,
            timeouts=front.timeouts,
            heads=front.heads,
            max_header=front.max_header,
            secure=True,
            identify=identify_secure,
            later=front.later,
        )
        assert self.stage.connections.admit("192.0.2.7")
        protocol = wrap(context, HttpFactory(secure)).buildProtocol(None)
        assert protocol is not None
        self.protocol: Protocol = protocol
        self.wire = Wire(lambda: self.protocol.connectionLost(connectionDone))
        self.client = SSL.Connection(client, None)
        self.client.set_connect_state()
        protocol.makeConnection(self.wire)  # type: ignore[no-untyped-call]

    def exchange(self) -> None:
        """Carry bytes to and fro until nobody has any."""
        for _ in range(6):
            with contextlib.suppress(SSL.WantReadError):
                data = self.client.bio_read(65_536)
                if not self.wire.disconnecting:
                    self.protocol.dataReceived(data)
            if self.wire.value():
                self.client.bio_write(self.wire.value())
                self.wire.clear()
            with contextlib.suppress(SSL.WantReadError):
                self.client.do_handshake()

    def get(self) -> bytes:
        """Shake hands, send a request and read the answer."""
        self.exchange()
        self.client.send(b"GET /here HTTP/1.1\r\nHost: a\r\n\r\n")
        self.exchange()
        return parse(self.client.recv(65_536))[0].body


def context_of(settings: TlsSettings, stage: Stage) -> TlsContext:
    """The TLS of a listener."""
    return TlsContext(TlsFiles.of(settings, [AUTHORITY.certificate]), stage.log)


@pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION])
def test_requests_come_through_with_a_channel_binding(tmp_path: Path, version: int) -> None:
    """The exporter on TLS 1.3 (RFC 9266), `tls-unique` on 1.2 (RFC 5929): both sides see the same."""
    conversation = Conversation(context_of(settings(tmp_path), Stage()), client_context(version))
    assert conversation.get() == b"GET /here? "
    [request] = conversation.stage.responder.requests
    assert request.secure
    assert request.peer.certificate is None
    if version == SSL.TLS1_3_VERSION:
        assert request.peer.exporter == conversation.client.export_keying_material(EXPORTER_LABEL, 32, b"")
        assert request.peer.unique is None
    else:
        assert request.peer.unique == conversation.client.get_finished()
        assert request.peer.exporter is None
    assert conversation.client.get_alpn_proto_negotiated() == b"http/1.1"


def test_tls_1_1_is_not_spoken(tmp_path: Path) -> None:
    """The handshake fails."""
    conversation = Conversation(context_of(settings(tmp_path), Stage()), client_context(SSL.TLS1_1_VERSION))
    with pytest.raises(SSL.Error):
        conversation.get()


def test_clients_that_offer_other_protocols_only_are_served(tmp_path: Path) -> None:
    """Without a choice in ALPN, as if they had offered none."""
    context = client_context()
    context.set_alpn_protos([b"h2"])
    conversation = Conversation(context_of(settings(tmp_path), Stage()), context)
    assert conversation.get() == b"GET /here? "
    assert conversation.client.get_alpn_proto_negotiated() == b""


@pytest.mark.parametrize("clients", ["optional", "required"])
@pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION])
def test_a_client_certificate_is_handed_on(tmp_path: Path, clients: str, version: int) -> None:
    """As DER, once TLS has verified it."""
    conversation = Conversation(context_of(settings(tmp_path, clients), Stage()), client_context(version, CLIENT))
    conversation.get()
    assert conversation.stage.responder.requests[0].peer.certificate == CLIENT.der


@pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION])
@pytest.mark.parametrize("days", [1, -1])
def test_any_certificate_is_handed_on_with_its_chain(tmp_path: Path, version: int, days: int) -> None:
    """Where trust is left to the protocol: a stranger's, an expired one; or none at all."""
    maker = certify("Manufacturer")
    client = client_context(version, certify("device", maker, days=days))
    client.add_extra_chain_cert(maker.certificate)
    asking = replace(settings(tmp_path), client_certificates="any")
    conversation = Conversation(context_of(asking, Stage()), client)
    conversation.get()
    [request] = conversation.stage.responder.requests
    assert request.peer.certificate is not None
    assert request.peer.chain == (maker.der,)
    without = Conversation(context_of(asking, Stage()), client_context(version))
    without.get()
    assert without.stage.responder.requests[0].peer.certificate is None


def test_a_certificate_may_be_missing_where_it_is_optional(tmp_path: Path) -> None:
    """And only there."""
    conversation = Conversation(context_of(settings(tmp_path, "optional"), Stage()), client_context())
    conversation.get()
    assert conversation.stage.responder.requests[0].peer.certificate is None
    refused = Conversation(context_of(settings(tmp_path, "required"), Stage()), client_context())
    with pytest.raises(SSL.Error):
        refused.get()


@pytest.mark.parametrize(
    "holder",
    [certify("client", AUTHORITY, days=-1), certify("client", certify("Another CA")), certify("self-signed")],
    ids=["expired", "another authority", "self-signed"],
)
def test_certificates_that_do_not_verify_are_refused_by_tls(tmp_path: Path, holder: Holder) -> None:
    """The responder never hears of them."""
    conversation = Conversation(context_of(settings(tmp_path, "optional"), Stage()), client_context(None, holder))
    with pytest.raises(SSL.Error):
        conversation.get()
    assert conversation.stage.responder.requests == []


def test_the_purpose_of_a_client_certificate_is_not_judged_here(tmp_path: Path) -> None:
    """EST re-enrolls certificates that are for servers only."""
    holder = certify("www.example", AUTHORITY, usage=SERVER_ONLY)
    conversation = Conversation(context_of(settings(tmp_path, "required"), Stage()), client_context(None, holder))
    conversation.get()
    assert conversation.stage.responder.requests[0].peer.certificate == holder.der


def test_our_own_authorities_stand_in_where_none_are_named(tmp_path: Path) -> None:
    """And none at all where no certificates are asked for."""
    certificate, key = SERVER.write(tmp_path)
    asked = TlsSettings(certificate=certificate, key=key, client_certificates="optional")
    assert TlsFiles.of(asked, [AUTHORITY.certificate]).client_authorities == (AUTHORITY.certificate,)
    assert TlsFiles.of(settings(tmp_path), [AUTHORITY.certificate]).client_authorities == ()


def touch(path: Path, seconds: int) -> None:
    """Give the file another time."""
    os.utime(path, (seconds, seconds))


def test_a_changed_certificate_is_read_by_itself(tmp_path: Path) -> None:
    """Connections made afterwards get the new one; without a change nothing is read."""
    tls = settings(tmp_path)
    context = context_of(tls, Stage())
    assert not context.reload_if_changed()
    renewed = certify("renewed.example")
    renewed.write(tmp_path)
    touch(tls.certificate, 1)
    assert context.reload_if_changed()
    assert not context.reload_if_changed()
    conversation = Conversation(context, client_context())
    conversation.get()
    received = conversation.client.get_peer_certificate(as_cryptography=True)
    assert received == renewed.certificate


def test_a_certificate_that_cannot_be_used_leaves_the_old_one(tmp_path: Path) -> None:
    """While the files are being replaced, certificate and key may not fit for a moment."""
    tls = settings(tmp_path)
    with capture_logs():
        context = context_of(tls, Stage())
    tls.certificate.write_text("nothing")
    touch(tls.certificate, 1)
    assert not context.reload_if_changed()
    tls.key.unlink()
    assert not context.reload_if_changed()
    assert Conversation(context, client_context()).get() == b"GET /here? "


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    """At start-up, with what is wrong."""
    tls = settings(tmp_path, "optional")
    tls.client_authorities[0].write_text("nothing")
    with pytest.raises(Refused, match="authority"):
        TlsFiles.of(tls, [])
    other = certify("other").write(tmp_path, "other")
    with pytest.raises(Refused, match="not a TLS certificate and its key"):
        context_of(TlsSettings(certificate=tls.certificate, key=other[1]), Stage())


def test_nothing_is_found_out_that_nobody_can_ask_for(tmp_path: Path) -> None:
    """Bindings are computed only where client certificates are possible."""
    assert identification(None) is identify_plain
    assert identification(settings(tmp_path)) is identify_plain
    assert identification(settings(tmp_path, "optional")) is identify_secure


def test_a_refusal_over_tls_closes_the_connection(tmp_path: Path) -> None:
    """There is no half-closing TLS; the answer arrives first."""
    conversation = Conversation(context_of(settings(tmp_path), Stage()), client_context())
    conversation.exchange()
    conversation.client.send(b"GET /here HTTP/1.1\r\n\r\n")
    conversation.exchange()
    assert parse(conversation.client.recv(65_536))[0].status == 400
