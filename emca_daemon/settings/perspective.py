"""The settings of `emca-daemon perspective`, a file of their own: a perspective has no CA and no database."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from emca_daemon.errors import Mismatch, Reason, Refused
from emca_daemon.problems import Problem
from emca_daemon.settings.acme import NetworkSettings
from emca_daemon.settings.checking_files import readable
from emca_daemon.settings.checking_protocols import check_network
from emca_daemon.settings.findings import Finding, is_address
from emca_daemon.settings.limits import limited, port
from emca_daemon.settings.model import ListenerSettings, LogSettings, TlsSettings
from emca_daemon.settings.reading import with_host_pairs
from emca_daemon.settings.secrets import misplaced, secret_path
from emca_daemon.toml_reading import between, not_empty, read_dataclass, read_toml


@dataclass(frozen=True, slots=True, kw_only=True)
class PerspectiveSettings:
    """A perspective: where it listens, by what it is known, whom it answers, and what it may ask on the network.

    `primaries` are PEM files with the certificates, or their CAs', of the daemons that may ask; nobody else may.
    """

    address: str = "127.0.0.1"
    port: int = limited(8555, port)
    certificate: Path
    key: Path
    primaries: tuple[Path, ...] = limited((), not_empty)
    at_once: int = limited(64, between(1, 256))
    """Look-ups under way at the same time."""
    http_port: int = limited(80, between(1, 65_535))
    tls_port: int = limited(443, between(1, 65_535))
    user: str | None = None
    network: NetworkSettings = field(default_factory=NetworkSettings)
    logs: LogSettings = field(default_factory=LogSettings)

    @property
    def listener(self) -> ListenerSettings:
        """Where it listens, by TLS with a client certificate that is required."""
        tls = TlsSettings(
            certificate=self.certificate,
            key=self.key,
            client_certificates="required",
            client_authorities=self.primaries,
        )
        return ListenerSettings(
            address=self.address, port=self.port, tls=tls, idle_timeout=timedelta(minutes=5), max_body=4096
        )


def load_perspective(file: Path, *, files: bool = True) -> PerspectiveSettings:
    """The settings in a file; raises Refused(MALFORMED) with a mismatch for every problem.

    Without `files` the file alone is judged, not what it points to on this machine.
    """
    place = str(file.absolute())
    problems: list[Problem] = []
    tables = read_toml(file.absolute(), problems)
    settings = None
    if tables is not None:
        table = with_host_pairs(tables, "", place, problems)
        settings = read_dataclass(PerspectiveSettings, table, place, "", problems)
    if settings is not None:
        problems.extend(Problem(place, key, expected) for key, expected in _findings(settings, files))
    if settings is None or problems:
        mismatches = tuple(Mismatch(found.key, found.expected, Reason.MALFORMED) for found in problems)
        raise Refused(Reason.MALFORMED, f"the settings in {file} cannot be used", mismatches)
    return replace(settings, key=secret_path(settings.key))


def _findings(settings: PerspectiveSettings, files: bool) -> Iterator[Finding]:
    if not is_address(settings.address):
        yield "address", f"expected an IP address, found `{settings.address}`"
    if not settings.primaries:
        yield "primaries", "expected the certificates of the daemons that may ask"
    yield from check_network(settings.network, "network")
    if files:
        for key, path in (("certificate", settings.certificate), *(("primaries", one) for one in settings.primaries)):
            yield from readable(key, path)
        if expected := misplaced(settings.key):
            yield "key", expected
