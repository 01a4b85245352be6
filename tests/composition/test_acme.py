"""ACME in one process."""

from pathlib import Path

from twisted.internet.defer import Deferred, succeed
from twisted.internet.testing import MemoryReactorClock

from emca_daemon.cli.demo import demo_settings
from emca_daemon.composition.acme import acme_duties, acme_mounts, acme_validation
from emca_daemon.composition.core import open_core
from emca_daemon.protocols.http import Peer, Request
from emca_daemon.settings.checking import load_settings
from tests.support.cli_world import new_folder


class Nobody:
    """Validates nothing."""

    def wake(self, endpoint: str, challenge_id: str) -> None:
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
