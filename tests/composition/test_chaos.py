"""Chaos put around endpoints."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from twisted.internet.testing import MemoryReactorClock

from emca_daemon.cli.demo import demo_settings
from emca_daemon.composition.acme import acme_endpoints
from emca_daemon.composition.chaos import chosen_fetches, endpoint_mounts
from emca_daemon.composition.core import Core, open_core
from emca_daemon.errors import Refused
from emca_daemon.outbound.acme_answers import Verdict
from emca_daemon.outbound.chaos import AlwaysValid, ChaoticFetches
from emca_daemon.protocols.acme.responder import AcmeResponder
from emca_daemon.protocols.acme.tasks import ValidationTask
from emca_daemon.protocols.chaos.responder import ChaoticResponder
from emca_daemon.protocols.routing import Mount, Routes
from emca_daemon.settings.chaos import ChaosSettings
from emca_daemon.settings.checking import load_settings
from tests.support.acme_client import AcmeClient
from tests.support.cli_world import new_folder


class Nobody:
    """Validates nothing."""

    def holder(self) -> str:
        """Nobody."""
        return ""

    def wake(self, task: ValidationTask) -> None:
        """Nothing happens."""

    async def verdict(self, task: ValidationTask) -> Verdict:
        """It is never asked."""
        raise AssertionError(task)


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    """A demonstration."""
    commands = new_folder(tmp_path)
    commands.config.write_text(demo_settings(tmp_path, 8080, 8443))
    core = open_core(load_settings(commands.config))
    yield core
    core.store.close()


def mounts(core: Core, **chaos: object) -> tuple[Mount, ...]:
    """The demonstration's endpoint under these settings."""
    changed = replace(core, settings=replace(core.settings, chaos=ChaosSettings(**chaos)))  # type: ignore[arg-type]
    (endpoint,) = acme_endpoints(changed, Nobody())
    return endpoint_mounts(changed, endpoint)


def test_without_chaos_the_endpoint_stands_alone(core: Core) -> None:
    """Nothing is wrapped around it."""
    (mount,) = mounts(core)
    assert isinstance(mount.responder, AcmeResponder)


def test_chaos_at_the_usual_place(core: Core) -> None:
    """The same path, and requests are refused by chance."""
    (mount,) = mounts(core, bad_nonces=1.0)
    assert mount.path == "/acme"
    assert isinstance(mount.responder, ChaoticResponder)
    client = AcmeClient(mount.responder.respond, "https://localhost:8443/acme")
    assert client.post(client.url("/new-account"), {}).problem == "400 badNonce"


def test_moved_resources(core: Core) -> None:
    """The directory stays, all else moves to an address that every process on the database knows."""
    served = mounts(core, moved_resources=True)
    routes = Routes(served)
    assert [mount.path for mount in served] == [mount.path for mount in mounts(core, moved_resources=True)]

    def transport(request):  # type: ignore[no-untyped-def]
        responder = routes.find(request.path)
        assert responder is not None
        return responder.respond(request)

    client = AcmeClient(transport, "https://localhost:8443/acme")
    directory = client.send("GET", client.url("/directory")).json
    assert len(directory) > 6
    assert directory["newAccount"] != client.url("/new-account")
    nonce = client.send("HEAD", directory["newNonce"]).header("replay-nonce")
    assert client.post(directory["newAccount"], {}, nonce=nonce).status == 201
    assert client.send("POST", client.url("/new-account")).problem == "404 malformed"


def test_how_challenges_are_attempted(core: Core) -> None:
    """Really, without a look, or in chaos."""
    reactor = MemoryReactorClock()  # type: ignore[no-untyped-call]
    (settings,) = core.settings.acme.values()
    real = Nobody()
    assert chosen_fetches(core, settings, real, reactor) is real
    assert isinstance(chosen_fetches(core, replace(settings, always_valid=True), real, reactor), AlwaysValid)
    slow = replace(core.settings, chaos=ChaosSettings(slow_validations=timedelta(seconds=1)))
    assert isinstance(chosen_fetches(replace(core, settings=slow), settings, real, reactor), ChaoticFetches)


def test_only_in_a_demonstration(core: Core) -> None:
    """Refused here too, should settings come from elsewhere than a file that was checked."""
    reactor = MemoryReactorClock()  # type: ignore[no-untyped-call]
    (settings,) = core.settings.acme.values()
    serious = replace(core, settings=replace(core.settings, demo=False))
    with pytest.raises(Refused):
        chosen_fetches(serious, replace(settings, always_valid=True), Nobody(), reactor)
    with pytest.raises(Refused):
        mounts(serious, bad_nonces=0.1)
