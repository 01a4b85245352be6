"""Tests of emca_daemon.composition.attempts."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from emca_daemon.composition.attempts import AttemptSweep, attempt_duties
from emca_daemon.composition.core import open_core
from emca_daemon.names import ProfileName
from emca_daemon.settings.checking import load_settings
from emca_daemon.settings.est import EstSettings
from emca_daemon.settings.scep import ScepSettings
from emca_daemon.settings.scep_provisioning import ScepApiSettings
from tests.support.ca_world import World
from tests.support.cli_world import new_folder

PROFILE = ProfileName("device")


def test_there_is_one_duty_where_anybody_has_a_password(tmp_path: Path) -> None:
    """Users of EST, and of SCEP's page and API; none where nobody has."""
    core = open_core(load_settings(new_folder(tmp_path).config))
    assert attempt_duties(core) == ()
    api = ScepSettings(profile=PROFILE, api=ScepApiSettings(enabled=True))
    for settings in (
        replace(core.settings, est={"default": EstSettings(profile=PROFILE)}),
        replace(core.settings, scep={"default": api}),
    ):
        (duty,) = attempt_duties(replace(core, settings=settings))
        duty.run()
    assert (
        attempt_duties(replace(core, settings=replace(core.settings, scep={"x": ScepSettings(profile=PROFILE)}))) == ()
    )
    core.store.close()


def test_attempts_are_forgotten_every_few_minutes() -> None:
    """Not at every round."""
    world = World()
    sweep = AttemptSweep(world.store, world.clock, timedelta(hours=1))
    with world.store.writing() as tx:
        tx.credentials.use_nonce(b"n", 1, world.clock())
    sweep.run()
    world.clock.advance(minutes=1)
    sweep.run()
    with world.store.writing() as tx:
        assert not tx.credentials.use_nonce(b"n", 1, world.clock())
    world.clock.advance(minutes=5)
    sweep.run()
    with world.store.writing() as tx:
        assert tx.credentials.use_nonce(b"n", 1, world.clock())
