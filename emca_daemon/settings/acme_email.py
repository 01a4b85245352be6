"""The settings of an ACME endpoint that proves mailboxes by mail (`[acme.NAME.email]`, RFC 8823)."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from emca_daemon.settings.limits import count, limited, one_of, port, positive, size
from emca_daemon.toml_reading import between


@dataclass(frozen=True, slots=True, kw_only=True)
class AcmeEmailSettings:
    """Challenge mails go out by `relay`, which must sign them with DKIM; answers come in by SMTP from `peers`.

    Whoever hands answers to us has verified them and says so in an Authentication-Results field (RFC 8601) under the
    name `authserv_id`; it must remove such fields that were there before, as RFC 8601 5 demands.
    """

    address: str | None = None
    """From whom challenges come, and to whom answers go."""
    relay: str | None = None
    """The host of the SMTP server that takes our mails."""
    relay_port: int = limited(587, between(1, 65_535))
    relay_tls: str = limited("starttls", one_of("starttls", "tls", "off"))
    relay_ca_file: Path | None = None
    """PEM file of the roots trusted for the relay in the place of the system's."""
    relay_user: str | None = None
    relay_password_file: Path | None = None
    send_timeout: timedelta = limited(timedelta(seconds=30), positive)
    send_attempts: int = limited(5, between(1, 20))
    listen_address: str = "127.0.0.1"
    listen_port: int = limited(2525, port)
    peers: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    """Networks from which answers are taken."""
    authserv_id: str | None = None
    dmarc: str = limited("required", one_of("required", "optional"))
    """Whether the domain of an answer must pass DMARC, or only must not fail it."""
    max_message: int = limited(262_144, size)
    connections: int = limited(20, count)
