"""Progress on standard error."""

import pytest

from emca_daemon.cli import progress
from emca_daemon.cli.progress import waiting, watched


def test_what_is_watched_passes_unchanged(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal nothing is printed."""
    assert list(watched(range(5), 5, "counting")) == [0, 1, 2, 3, 4]
    with waiting("a moment"):
        pass
    assert capsys.readouterr().err == ""


def test_a_terminal_sees_a_bar_after_a_while(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once the patience is over."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    assert list(watched(range(3), 3, "counting")) == [0, 1, 2]
    with waiting("a moment"):
        pass
    assert "counting" in capsys.readouterr().err
