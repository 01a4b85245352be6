"""`emca-daemon serve`."""

from pathlib import Path

import pytest

from emca_daemon.cli import serve as module
from tests.support.cli_world import new_folder


def test_the_daemon_starts_with_the_settings_and_workers_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process unless more are wanted."""
    seen: list[tuple[Path, int]] = []
    monkeypatch.setattr(module, "run_daemon", lambda settings, *, workers: seen.append((settings.file, workers)))
    commands = new_folder(tmp_path)
    commands.run("serve")
    commands.run("serve", "--workers", "3")
    assert seen == [(commands.config, 1), (commands.config, 3)]


def test_settings_with_problems_do_not_start(tmp_path: Path) -> None:
    """Every problem in one go, exit code 1."""
    commands = new_folder(tmp_path)
    commands.config.write_text(commands.config.read_text() + "\n[nonsense]\n")
    assert "nonsense" in commands.run("serve", code=1).output
