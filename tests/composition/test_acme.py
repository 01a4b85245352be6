"""ACME in one process."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from twisted.internet.defer import Deferred, succeed
from twisted.internet.testing import MemoryReactorClock

from emca_daemon.cli.demo import demo_settings
from emca_daemon.composition.acme import (
    acme_duties,
    acme_endpoints,
    acme_mounts,
    acme_validation,
    caa_rechecks,
    read_certificates,
    token_authorities,
)
from emca_daemon.composition.core import open_core
from emca_daemon.errors import Refused
from emca_daemon.names import ProfileName
from emca_daemon.protocols.acme.tasks import ValidationTask
from emca_daemon.protocols.http import Peer, Request
from emca_daemon.settings.acme import AcmeSettings
from emca_daemon.settings.acme_tokens import AcmeTokenAuthoritySettings
from emca_daemon.settings.checking import load_settings
from tests.support.cli_world import new_folder
from tests.support.outside import Outside
from tests.support.token_authority import X5U, Authority


class Nobody:
    """Validates nothing."""

    def holder(self) -> str:
        """Nobody."""
        return ""

    def wake(self, task: ValidationTask) -> None:
        """Nothing happens."""


def test_the_demo_serves_its_endpoint(tmp_path: Path) -> None:
    """A directory at the address of the settings; used nonces are forgotten as a duty; the validator starts."""
    commands = new_folder(tmp_path)
    commands.config.write_text(demo_settings(tmp_path, 8080, 8443))
    core = open_core(load_settings(commands.config))
    (mount,) = acme_mounts(core, Nobody())
    assert mount.path == "/acme"
    response = mount.responder.respond(Request("GET", "/acme/directory", "", (), b"", Peer("127.0.0.1"), "r"))
    assert b"https://localhost:8443/acme/" in response.body
    assert [duty.run() for duty in acme_duties(core)] == [0, True]

    def run(call: object) -> Deferred[object]:
        return succeed(call())  # type: ignore[operator]

    reactor = MemoryReactorClock()  # type: ignore[no-untyped-call]
    validation = acme_validation(core, reactor, run, "holder")  # type: ignore[arg-type]
    validation.startService()
    assert validation.running
    validation.stopService()
    core.store.close()


def test_caa_is_asked_again_where_it_is_asked_at_all(tmp_path: Path) -> None:
    """One service for all such endpoints, beside the validator; none in the demonstration."""
    commands = new_folder(tmp_path)
    text = demo_settings(tmp_path, 8080, 8443)
    commands.config.write_text(text.replace("[acme.demo]", '[acme.demo]\ncaa = "on"\ncaa_identities = ["ca.test"]'))
    core = open_core(load_settings(commands.config))

    def run(call: object) -> Deferred[object]:
        return succeed(call())  # type: ignore[operator]

    reactor = MemoryReactorClock()  # type: ignore[no-untyped-call]
    (service,) = caa_rechecks(core, reactor, run)  # type: ignore[arg-type]
    validation = acme_validation(core, reactor, run, "holder")  # type: ignore[arg-type]
    validation.startService()
    assert not service.running
    validation.stopService()
    commands.config.write_text(text)
    assert caa_rechecks(open_core(load_settings(commands.config)), reactor, run) == ()  # type: ignore[arg-type]
    core.store.close()


def test_roots_of_attestations_are_read(tmp_path: Path) -> None:
    """For each format from its own files."""
    commands = new_folder(tmp_path)
    file = tmp_path / "root.pem"
    file.write_bytes(Outside().certificate.public_bytes(Encoding.PEM))
    text = demo_settings(tmp_path, 8080, 8443)
    text = text.replace('"tls-alpn-01"]', '"device-attest-01"]')
    commands.config.write_text(f'{text}\n[acme.demo.attestation]\nstep_roots = ["{file}"]\n')
    core = open_core(load_settings(commands.config))
    (endpoint,) = acme_endpoints(core, Nobody())
    assert {name: len(roots) for name, roots in endpoint.attestation_roots.items()} == {"step": 1}
    core.store.close()


def test_certificates_for_other_chains_are_read(tmp_path: Path) -> None:
    """From PEM files; what is none is refused."""
    file = tmp_path / "cross.pem"
    file.write_bytes(Outside().certificate.public_bytes(Encoding.PEM))
    assert len(read_certificates((file, file))) == 2
    file.write_text("nothing")
    for path in (file, tmp_path / "missing.pem"):
        with pytest.raises(Refused):
            read_certificates((path,))


def test_authorities_of_tokens_are_read_from_their_files(tmp_path: Path) -> None:
    """With what their tokens say of themselves; raises for a file without a certificate."""
    authority = Authority(datetime(2026, 6, 1, tzinfo=UTC))
    file = tmp_path / "authority.pem"
    file.write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    given = {"test": AcmeTokenAuthoritySettings(certificate=file, x5u=X5U)}
    settings = AcmeSettings(base_url="https://ca.test/acme", profile=ProfileName("stir"), token_authorities=given)
    assert token_authorities(settings) == (authority.trusted(),)
    file.write_text("no certificate")
    with pytest.raises(Refused):
        token_authorities(settings)
