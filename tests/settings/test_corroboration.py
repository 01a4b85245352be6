"""The settings of perspectives elsewhere."""

from pathlib import Path

from emca_daemon.problems import Problem
from emca_daemon.settings.corroboration import AcmePerspectivesSettings
from emca_daemon.toml_reading import read_dataclass


def test_there_are_none_unless_the_settings_name_some() -> None:
    """And no number of them has to agree."""
    settings = AcmePerspectivesSettings()
    assert (settings.remotes, settings.quorum, settings.timeout.total_seconds()) == ({}, None, 15)


def test_perspectives_are_read_by_name() -> None:
    """Relative files lie beside the settings; numbers have bounds."""
    problems: list[Problem] = []
    table = {"remotes": {"east": {"address": "https://e.example", "certificate": "e.pem"}}}
    settings = read_dataclass(AcmePerspectivesSettings, table, "/etc/emca/emca.toml", "", problems)
    assert settings is not None
    assert settings.remotes["east"].certificate == Path("/etc/emca/e.pem")
    assert read_dataclass(AcmePerspectivesSettings, {"quorum": 0}, "/etc/emca/emca.toml", "", problems) is None
