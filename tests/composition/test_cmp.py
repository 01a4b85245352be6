"""CMP in one process."""

from dataclasses import replace
from pathlib import Path

import pytest

from emca_daemon.cli.demo import create_hierarchy, demo_settings
from emca_daemon.cli.demo_secrets import write_cmp_secrets
from emca_daemon.composition.cmp import cmp_duties, cmp_endpoint, cmp_mounts
from emca_daemon.composition.core import Core, open_core
from emca_daemon.composition.duties import daemon_requester
from emca_daemon.errors import Refused
from emca_daemon.protocols.http import Peer, Request
from emca_daemon.settings.checking import load_settings
from tests.support.cli_world import new_folder


@pytest.fixture
def core(tmp_path: Path) -> Core:
    """The demonstration's."""
    commands = new_folder(tmp_path)
    commands.config.write_text(demo_settings(tmp_path, 8080, 8443))
    write_cmp_secrets(tmp_path / "cmp.secrets", "s")
    core = open_core(load_settings(commands.config))
    create_hierarchy(core)
    return core


def test_the_demo_serves_its_endpoint(core: Core) -> None:
    """At both paths; the responder gets its certificate as a duty, transactions end as another."""
    mounts = cmp_mounts(core, waits=False)
    assert [mount.path for mount in mounts] == ["/.well-known/cmp", "/pkix"]
    request = Request("POST", "/pkix", "", (("content-type", "application/pkixcmp"),), b"", Peer("127.0.0.1"), "r")
    assert mounts[1].responder.respond(request).status == 400
    assert not mounts[1].responder.waits(request)
    duties = cmp_duties(core, daemon_requester("r"))
    assert [duty.name for duty in duties] == ["CMP responders", "CMP transactions"]
    for duty in duties:
        duty.run()
    endpoint = cmp_endpoint(core, "demo", core.settings.cmp["demo"])
    assert endpoint.signers.current().certificate.subject.rfc4514_string() == "CN=CMP demo-issuing"
    assert endpoint.registry.secret(b"demo") is not None
    core.store.close()


def test_without_endpoints_there_are_no_duties(core: Core) -> None:
    """And no mounts."""
    bare = replace(core, settings=replace(core.settings, cmp={}))
    assert cmp_duties(bare, daemon_requester("r")) == ()
    assert cmp_mounts(bare, waits=True) == ()
    core.store.close()


def test_files_of_certificates_must_be_readable(core: Core, tmp_path: Path) -> None:
    """Or the daemon does not start."""
    settings = replace(core.settings.cmp["demo"], root_update=(tmp_path / "missing.pem",))
    with pytest.raises(Refused, match="certificates"):
        cmp_endpoint(core, "demo", settings)
    core.store.close()
