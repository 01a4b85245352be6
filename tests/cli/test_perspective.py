"""`emca-daemon perspective` as it is called."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from emca_daemon.cli.main import main
from emca_daemon.settings.perspective import PerspectiveSettings
from tests.support.perspectives import perspective_settings, self_signed


def test_it_serves_what_its_own_file_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing of the CA's settings; what is wrong with it ends in one line."""
    started: list[PerspectiveSettings] = []
    monkeypatch.setattr("emca_daemon.composition.perspective.run_perspective", started.append)
    primary, _ = self_signed(tmp_path, "primary")
    file = perspective_settings(tmp_path, "east", 8555, 5002, primary)
    result = CliRunner().invoke(main, ["perspective", "--config", str(file)])
    assert (result.exit_code, [one.http_port for one in started]) == (0, [5002])
    refused = CliRunner().invoke(main, ["perspective", "--config", str(tmp_path / "none.toml")])
    assert refused.exit_code == 1
    assert "cannot be used" in refused.stderr
