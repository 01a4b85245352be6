"""The settings of who is asked beside the daemon: `[scep.NAME.webhook]`, `intune`, `calls`; and of who asks: `jamf`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from emca_daemon.settings.limits import count, limited, positive
from emca_daemon.toml_reading import between, not_empty

LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
"""Hosts to which secrets may go without TLS."""

LONGEST_CALL: Final = timedelta(seconds=60)


def is_outside_url(value: object) -> str | None:
    """A check: an https address; http is for this very machine."""
    expected = "an https address without user, query and fragment (http for this machine alone)"
    if value is None:
        return None
    try:
        parts = urlsplit(str(value))
        fine = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return expected
    plain = "@" not in parts.netloc and not parts.query and not parts.fragment
    text = str(value).isascii() and str(value).isprintable() and " " not in str(value)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    return None if fine and plain and text and secure else expected


def _short(value: object) -> str | None:
    return None if isinstance(value, timedelta) and value <= LONGEST_CALL else "a duration of at most 60s"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScepCallsSettings:
    """How the other side is called, whichever it is.

    One conversation may take `timeout` as a whole and keeps a worker thread busy for so long; `at_once` of them may
    be under way in a process. `attempts` is how often a notice is tried before it is given up.
    """

    timeout: timedelta = limited(timedelta(seconds=10), positive, _short)
    at_once: int = limited(4, between(1, 256))
    ca_file: Path | None = None
    attempts: int = limited(20, count)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScepWebhookSettings:
    """Who decides for `policy = "webhook"`: asked at `url`, by bodies signed with a secret or by a bearer token."""

    url: str | None = limited(None, is_outside_url)
    notify: bool = True
    """Whether they are told how each request ended."""
    secret_file: Path | None = None
    token_file: Path | None = None

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """One way to show who asks."""
        if self.url is not None and (self.secret_file is None) == (self.token_file is None):
            yield "secret_file", "expected either `secret_file` or `token_file`"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScepIntuneSettings:
    """The application by which Microsoft Intune knows the CA, for `policy = "intune"`."""

    tenant: str = ""
    application: str = ""
    secret_file: Path | None = None
    login_url: str = limited("https://login.microsoftonline.com", is_outside_url)
    graph_url: str = limited("https://graph.microsoft.com", is_outside_url)
    resource: str = limited("https://api.manage.microsoft.com/", is_outside_url)
    location_hosts: tuple[str, ...] = limited((".manage.microsoft.com",), not_empty)
    """Where the service may be that Graph names: a host, or with a dot in front every host below."""
    api_version: str = limited("2018-02-20", not_empty)
    caller: str = limited("emca-daemon", not_empty)
    """The name of the CA in Intune's logs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScepJamfSettings:
    """Where Jamf Pro asks for challenges by its webhook `SCEPChallenge`, for `policy = "one-time"`."""

    enabled: bool = False
    path: str | None = None
    """Where it answers; None: `/scep-jamf/NAME`."""
    groups: tuple[str, ...] = ()
    lifetime: timedelta = limited(timedelta(days=1), positive)
    outstanding: int = limited(1000, count)
    """How many challenges for Jamf may wait to be used."""
