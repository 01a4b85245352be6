"""The daemon as a process."""

from datetime import timedelta
from pathlib import Path

import pytest

from emca_daemon.composition.core import open_core
from emca_daemon.composition.daemon import configuration, prepare
from emca_daemon.errors import Reason, Refused
from emca_daemon.settings.checking import load_settings
from tests.support.ca_world import ISSUING
from tests.support.cli_world import new_folder, with_issuers


def test_every_start_is_in_the_audit_chain_with_the_configuration(tmp_path: Path) -> None:
    """A changed profile shows as a changed hash."""
    commands = new_folder(tmp_path)
    settings = load_settings(commands.config)
    prepare(settings)
    profile = settings.profiles / "tls-server.toml"
    profile.write_text(profile.read_text() + "\n# changed\n")
    prepare(settings)
    first, second = commands.rows("audit", "list", "--action", "daemon.start")
    changed = {key for key in first if key.startswith("detail_") and first[key] != second[key]}
    assert changed == {"detail_profile tls-server"}
    assert set(configuration(settings)) > {"settings", "profile root-ca"}


def test_an_old_schema_keeps_the_daemon_from_starting(tmp_path: Path) -> None:
    """And says what to do."""
    commands = new_folder(tmp_path)
    (tmp_path / "emca.db").unlink()
    with pytest.raises(Refused) as refused:
        prepare(load_settings(commands.config))
    assert refused.value.reason is Reason.WRONG_STATE
    assert "emca-daemon migrate" in refused.value.detail


def test_missing_tls_certificates_are_made_before_there_are_workers(tmp_path: Path) -> None:
    """Each worker loads the files as it starts, whichever of them is first."""
    commands = with_issuers(tmp_path)
    listener = f"""
[listeners.own]
serves = ["ocsp"]

[listeners.own.tls]
certificate = "{tmp_path}/tls.pem"
key = "{tmp_path}/tls.key"
issuer = "{ISSUING}"
profile = "tls-server-internal"
names = ["localhost"]
"""
    commands.config.write_text(commands.config.read_text() + listener)
    prepare(load_settings(commands.config))
    assert {path.name for path in tmp_path.glob("tls.*")} == {"tls.pem", "tls.key"}
    written = (tmp_path / "tls.pem").read_bytes()
    prepare(load_settings(commands.config))
    assert (tmp_path / "tls.pem").read_bytes() == written


def test_the_duties_of_a_killed_process_are_free_at_once(tmp_path: Path) -> None:
    """On SQLite nobody else can hold them; no CRL waits for a lease to run out."""
    settings = load_settings(new_folder(tmp_path).config)
    core = open_core(settings)
    now = core.clock()
    with core.store.writing() as tx:
        assert tx.leases.take("duties", "killed", now, now + timedelta(hours=1))
    prepare(settings)
    with core.store.writing() as tx:
        assert tx.leases.take("duties", "next", now, now + timedelta(hours=1))
    core.store.close()
