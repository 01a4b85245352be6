"""Tests of emca_daemon.composition.scep_provisioning."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from emca_daemon.composition.core import open_core
from emca_daemon.composition.scep import scep_endpoint
from emca_daemon.composition.scep_provisioning import provisioning_mounts, provisioning_of, scep_provisioning
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.scep.terms import Terms
from emca_daemon.settings.checking import load_settings
from emca_daemon.settings.scep_outside import ScepJamfSettings
from emca_daemon.settings.scep_provisioning import ScepApiSettings, ScepPageSettings, ScepUsersSettings
from tests.support.ca_world import BY
from tests.support.scep_cli import scep_folder


def test_challenges_are_made_for_the_policy_that_wants_them(tmp_path: Path) -> None:
    """Anything else would be made in vain; what is taken back needs no endpoint."""
    commands = scep_folder(tmp_path)
    core = open_core(load_settings(commands.config))
    made = scep_provisioning(core, "default", "one-time").make(Terms(), BY, source="operator")
    assert made.challenge.expires - made.challenge.created == timedelta(days=30)
    for name, policy, reason in (("default", "device", Reason.WRONG_STATE), ("x", "device", Reason.NOT_FOUND)):
        with pytest.raises(Refused) as caught:
            scep_provisioning(core, name, policy)
        assert caught.value.reason is reason
    assert provisioning_of(core, "gone").endpoint == "gone"
    core.store.close()


def test_page_and_api_are_mounted_where_they_are_switched_on(tmp_path: Path) -> None:
    """Tokens are read from their file."""
    core = open_core(load_settings(scep_folder(tmp_path).config))
    settings = core.settings.scep["default"]
    endpoint = scep_endpoint(core, "default", settings)
    assert provisioning_mounts(core, endpoint) == ()
    (tmp_path / "tokens").write_text("jamf 0123456789abcdef\n")
    on = replace(
        settings,
        users=ScepUsersSettings(methods=("bearer",), tokens=tmp_path / "tokens"),
        page=ScepPageSettings(enabled=True),
        api=ScepApiSettings(enabled=True),
    )
    mounts = provisioning_mounts(core, scep_endpoint(core, "default", on))
    assert [mount.path for mount in mounts] == ["/certsrv/mscep_admin", "/scep-api/default"]
    jamf = replace(settings, jamf=ScepJamfSettings(enabled=True))
    assert [mount.path for mount in provisioning_mounts(core, scep_endpoint(core, "x", jamf))] == ["/scep-jamf/x"]
    alone = replace(on, page=ScepPageSettings())
    assert [mount.path for mount in provisioning_mounts(core, scep_endpoint(core, "x", alone))] == ["/scep-api/x"]
    core.store.close()
