"""EST in one process."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.ca.hierarchy import NewAuthority
from emca_daemon.cli.ca import parse_subject
from emca_daemon.cli.demo import create_hierarchy, demo_settings
from emca_daemon.composition.core import open_core
from emca_daemon.composition.duties import daemon_requester
from emca_daemon.composition.est import est_duties, est_mounts, est_signer, revocation_lists
from emca_daemon.errors import Refused
from emca_daemon.names import IssuerName, KeyName, ProfileName
from emca_daemon.protocols.http import Peer, Request
from emca_daemon.protocols.routing import Routes
from emca_daemon.settings.checking import load_settings
from tests.support.ca_world import BY
from tests.support.cli_world import new_folder
from tests.support.est_world import certificates
from tests.support.makers import Maker
from tests.support.rollover import certified


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


def test_a_root_is_followed_by_another(tmp_path: Path) -> None:
    """Its chain and the certificates in the files are handed out; a start with others, or without it, is refused."""
    commands = new_folder(tmp_path)
    file = tmp_path / "rollover.pem"
    keys = f'[est.default]\nnext_issuer = "next-root"\nrollover_certificates = ["{file}"]'
    commands.config.write_text(demo_settings(tmp_path, 8080, 8443).replace("[est.default]", keys))
    core = open_core(load_settings(commands.config, files=False))
    create_hierarchy(core)
    file.write_text("")
    with pytest.raises(Refused, match="no issuer `next-root`"):
        est_mounts(core)
    following = NewAuthority(
        name=IssuerName("next-root"),
        profile=ProfileName("root-ca"),
        subject=parse_subject("CN=Next Root"),
        key=KeyName("software:next-root"),
        algorithm="p-256",
    )
    core.hierarchy.create_root(following, BY)
    old, new = (core.authorities.get(IssuerName(name)) for name in ("demo-root", "next-root"))
    crossed = [certified(core.keys, old, new, core.clock()), certified(core.keys, new, old, core.clock())]
    file.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in crossed))
    (mount,) = est_mounts(core)
    asked = Request("GET", f"{mount.path}/cacerts", "", (), b"", Peer("127.0.0.1"), "r")
    assert set(certificates(mount.responder.respond(asked))) == {
        *crossed,
        new.certificate,
        *core.authorities.get(IssuerName("demo-issuing")).chain,
    }
    file.write_bytes(Maker("m").certificate.public_bytes(Encoding.PEM))
    with pytest.raises(Refused, match="CN=m"):
        est_mounts(core)
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
