"""EST in one process."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.cli.demo import create_hierarchy, demo_settings
from emca_daemon.composition.core import open_core
from emca_daemon.composition.duties import daemon_requester
from emca_daemon.composition.est import est_duties, est_mounts, est_signer, revocation_lists
from emca_daemon.errors import Refused
from emca_daemon.protocols.http import Peer, Request
from emca_daemon.protocols.routing import Routes
from emca_daemon.settings.checking import load_settings
from tests.support.cli_world import new_folder
from tests.support.makers import Maker


def test_the_demo_serves_its_labels(tmp_path: Path) -> None:
    """CA certificates at the address of the settings; its signer's certificate comes by a duty."""
    commands = new_folder(tmp_path)
    commands.config.write_text(demo_settings(tmp_path, 8080, 8443))
    core = open_core(load_settings(commands.config, files=False))
    create_hierarchy(core)
    (mount,) = est_mounts(core)
    assert mount.path == "/.well-known/est"
    routes = Routes((mount,))
    for path in ("//.well-known/est/cacerts", "/.well-known//est/cacerts"):
        assert routes.find(path) is mount.responder
    assert routes.find("/x/.well-known/est/cacerts") is None
    for path in ("cacerts", "manual/cacerts"):
        asked = Request("GET", f"{mount.path}/{path}", "", (), b"", Peer("127.0.0.1"), "r")
        assert mount.responder.respond(asked).status == 200
    signer = est_signer(core, core.settings.est["default"])
    with pytest.raises(Refused):
        signer()
    for duty in est_duties(core, daemon_requester("d")):
        duty.run()
    assert "CMP demo-issuing" in signer().certificate.subject.rfc4514_string()
    core.store.close()


def test_without_labels_there_is_nothing(tmp_path: Path) -> None:
    """No path, no duty."""
    core = open_core(load_settings(new_folder(tmp_path).config))
    assert est_mounts(core) == ()
    assert est_duties(core, daemon_requester("d")) == ()
    core.store.close()


def test_crls_are_read_again_when_they_change(tmp_path: Path) -> None:
    """DER or PEM; a missing file is UNAVAILABLE, so that nobody revoked gets in."""
    maker = Maker("m")
    file = tmp_path / "m.crl"
    file.write_bytes(maker.revoking().public_bytes(Encoding.DER))
    lists = revocation_lists([file])
    assert len(lists()[0]) == 0
    assert lists()[0] is lists()[0]
    file.write_bytes(maker.revoking(maker.device()).public_bytes(Encoding.PEM))
    os.utime(file, ns=(1, 1))
    assert len(lists()[0]) == 1
    file.unlink()
    with pytest.raises(Refused):
        lists()
