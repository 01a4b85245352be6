"""TLS of a listener: versions and ciphers, client certificates, channel bindings, and reloading without a restart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from cryptography import x509
from OpenSSL import SSL, crypto
from structlog.typing import FilteringBoundLogger
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from zope.interface import implementer  # type: ignore[import-untyped]

from emca_daemon.errors import Reason, Refused
from emca_daemon.listeners.front import Transport
from emca_daemon.protocols.http import Peer
from emca_daemon.settings.model import TlsSettings

CIPHERS: Final = b":".join(
    (
        b"ECDHE-ECDSA-AES128-GCM-SHA256",
        b"ECDHE-RSA-AES128-GCM-SHA256",
        b"ECDHE-ECDSA-CHACHA20-POLY1305",
        b"ECDHE-RSA-CHACHA20-POLY1305",
        b"ECDHE-ECDSA-AES256-GCM-SHA384",
        b"ECDHE-RSA-AES256-GCM-SHA384",
    )
)
"""Of TLS 1.2: ephemeral keys and authenticated encryption only (RFC 9325 section 4.2); TLS 1.3 has no others."""

EXPORTER_LABEL: Final = b"EXPORTER-Channel-Binding"
EXPORTER_LENGTH: Final = 32

SESSION_CONTEXT: Final = b"emca-daemon"

NO_RENEGOTIATION: Final = 1 << 30
"""SSL_OP_NO_RENEGOTIATION of OpenSSL."""

MOST_SENT: Final = 8
"""Certificates of a client's chain that are looked at."""

INVALID_PURPOSE: Final = 26
"""X509_V_ERR_INVALID_PURPOSE of OpenSSL."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """What a TLS context is made from."""

    certificate: Path
    key: Path
    client_certificates: str
    client_authorities: tuple[x509.Certificate, ...]

    @classmethod
    def of(cls, settings: TlsSettings, own_authorities: Sequence[x509.Certificate]) -> "TlsFiles":
        """From the settings; `own_authorities` stand in where no client authorities are named.

        Raises Refused(UNAVAILABLE) for files that cannot be read.
        """
        authorities: list[x509.Certificate] = []
        for path in settings.client_authorities:
            authorities.extend(read_certificates(path))
        if settings.client_certificates in ("no", "any"):
            authorities = []
        elif not settings.client_authorities:
            authorities = list(own_authorities)
        return cls(settings.certificate, settings.key, settings.client_certificates, tuple(authorities))

    def times(self) -> tuple[int, int]:
        """When the two files were last changed, in nanoseconds; (0, 0) while one is missing."""
        try:
            return self.certificate.stat().st_mtime_ns, self.key.stat().st_mtime_ns
        except OSError:
            return 0, 0


def read_certificates(path: Path) -> list[x509.Certificate]:
    """The certificates of a PEM file; raises Refused(UNAVAILABLE)."""
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise Refused(Reason.UNAVAILABLE, f"no certificates can be read from {path}: {error}") from error


def make_context(files: TlsFiles) -> SSL.Context:
    """A context for TLS 1.2 and 1.3; raises Refused(UNAVAILABLE) for files that cannot be used."""
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list(CIPHERS)
    context.set_options(SSL.OP_NO_COMPRESSION | NO_RENEGOTIATION | SSL.OP_CIPHER_SERVER_PREFERENCE)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    context.set_session_id(SESSION_CONTEXT)
    context.set_alpn_select_callback(_choose_http_1)
    try:
        context.use_certificate_chain_file(str(files.certificate))
        context.use_privatekey_file(str(files.key))
        context.check_privatekey()
    except SSL.Error as error:
        raise Refused(
            Reason.UNAVAILABLE, f"{files.certificate} and {files.key} are not a TLS certificate and its key: {error}"
        ) from error
    if files.client_certificates != "no":
        _ask_for_certificates(context, files)
    return context


def _ask_for_certificates(context: SSL.Context, files: TlsFiles) -> None:
    """Client certificates, verified by OpenSSL against the authorities; by nobody yet where `any` will do.

    Sessions are not resumed there: a certificate is looked at anew each time, and `tls-unique` has one meaning.
    """
    mode = SSL.VERIFY_PEER
    if files.client_certificates == "required":
        mode |= SSL.VERIFY_FAIL_IF_NO_PEER_CERT
    context.set_verify(mode, _possessed if files.client_certificates == "any" else _verified)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_options(SSL.OP_NO_TICKET)
    store = context.get_cert_store()
    if store is None:  # pragma: no cover - a context always has one
        raise Refused(Reason.UNAVAILABLE, "this OpenSSL has no certificate store")
    store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
    for certificate in files.client_authorities:
        store.add_cert(crypto.X509.from_cryptography(certificate))
        context.add_client_ca(certificate)


def _verified(_connection: SSL.Connection, _certificate: crypto.X509, error: int, depth: int, ok: int) -> bool:
    """OpenSSL's verdict, except that the peer's own certificate may have any extended key usage.

    What a certificate may be used for is the protocol's question: EST re-enrolls server certificates.
    """
    return bool(ok) or (error == INVALID_PURPOSE and depth == 0)


def _possessed(_connection: SSL.Connection, _certificate: crypto.X509, _error: int, _depth: int, _ok: int) -> bool:
    """Every certificate will do: the handshake goes on to prove that the client has its key, and proves no more."""
    return True


def _choose_http_1(_connection: SSL.Connection, offered: list[bytes]) -> bytes:
    """HTTP/1.1 among the offered protocols (ALPN); others are answered without a choice."""
    return b"http/1.1" if b"http/1.1" in offered else cast("bytes", SSL.NO_OVERLAPPING_PROTOCOLS)


@implementer(IOpenSSLServerConnectionCreator)
class TlsContext:
    """The current context of a listener: connections already open keep the one they began with."""

    def __init__(self, files: TlsFiles, log: FilteringBoundLogger) -> None:
        """Raises Refused(UNAVAILABLE) for files that cannot be used."""
        self._files = files
        self._log = log
        self._times = files.times()
        self.current = make_context(files)

    def serverConnectionForTLS(self, protocol: TLSMemoryBIOProtocol) -> SSL.Connection:  # noqa: N802, ARG002
        """A new connection."""
        return SSL.Connection(self.current, None)

    def reload(self) -> bool:
        """Read the files anew; False (and a line in the log) where they cannot be used, the old context staying."""
        times = self._files.times()
        try:
            self.current = make_context(self._files)
        except Refused as refusal:
            self._log.error("TLS certificate not reloaded", reason=str(refusal))
            return False
        self._times = times
        self._log.info("TLS certificate reloaded", certificate=str(self._files.certificate))
        return True

    def reload_if_changed(self) -> bool:
        """Reload when one of the files has another time than before; cheap enough for every few seconds."""
        times = self._files.times()
        if times in (self._times, (0, 0)):
            return False
        return self.reload()


def wrap(context: TlsContext, factory: ServerFactory[Protocol]) -> ServerFactory[Protocol]:
    """TLS around a factory; writes go out at once, since a connection writes a response in one piece."""
    wrapped = TLSMemoryBIOFactory(context, False, factory)  # type: ignore[arg-type]
    wrapped.protocol = TLSMemoryBIOProtocol
    return cast("ServerFactory[Protocol]", wrapped)


def identify_plain(transport: Transport) -> Peer:
    """Who is at the other end of a TCP connection."""
    address = transport.getPeer()
    return Peer(getattr(address, "host", ""), getattr(address, "port", 0))


def identify_secure(transport: Transport) -> Peer:
    """The same with the client certificate and the channel bindings of TLS."""
    plain = identify_plain(transport)
    connection = cast("SSL.Connection", transport.getHandle())
    certificate = connection.get_peer_certificate()
    exporter = unique = None
    if connection.get_protocol_version() >= SSL.TLS1_3_VERSION:
        exporter = connection.export_keying_material(EXPORTER_LABEL, EXPORTER_LENGTH, b"")
    else:
        unique = connection.get_peer_finished()
    return Peer(
        plain.address,
        plain.port,
        None if certificate is None else crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate),
        exporter,
        unique,
        _sent_chain(connection) if certificate is not None else (),
    )


def _sent_chain(connection: SSL.Connection) -> tuple[bytes, ...]:
    """What the client sent after its own certificate, which OpenSSL leaves out on the server's side.

    Nothing is read here: whoever trusts none of it need not trip over it.
    """
    chain = connection.get_peer_cert_chain() or ()
    return tuple(crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate) for certificate in chain[:MOST_SENT])


def identification(settings: TlsSettings | None) -> Callable[[Transport], Peer]:
    """How a listener finds out who its peers are; bindings only where client certificates are possible."""
    if settings is None or settings.client_certificates == "no":
        return identify_plain
    return identify_secure
