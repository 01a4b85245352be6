"""What every command shares."""

import os
import pwd
from pathlib import Path

import pytest

from emca_daemon.cli.command import EXIT_CODES, operator, report_refusals
from emca_daemon.errors import Reason, Refused
from tests.support.cli_world import CommandLine, new_folder


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_ends_with_its_exit_code(reason: Reason, capsys: pytest.CaptureFixture[str]) -> None:
    """One line on standard error."""

    @report_refusals
    def refuse() -> None:
        raise Refused(reason, "no")

    with pytest.raises(SystemExit) as ended:
        refuse()
    assert ended.value.code == EXIT_CODES.get(reason, 1)
    assert capsys.readouterr().err == "emca-daemon: no\n"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (FileNotFoundError(2, "No such file or directory", "/none/x"), "/none/x: No such file or directory"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (OSError("odd"), "odd"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(error: OSError, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the file's name where the system gives it, and exit code 1."""

    @report_refusals
    def fail() -> None:
        raise error

    with pytest.raises(SystemExit) as ended:
        fail()
    assert ended.value.code == 1
    assert capsys.readouterr().err == f"emca-daemon: {line}\n"


def test_a_reader_that_went_away_is_left_to_click() -> None:
    """`emca-daemon audit list | head` is no error."""

    @report_refusals
    def fail() -> None:
        raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(BrokenPipeError):
        fail()


def test_the_operator_is_the_account_at_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """By name, or by number where it has none; the environment may say what it likes."""
    monkeypatch.setenv("LOGNAME", "somebody-else")
    assert operator().identity == pwd.getpwuid(os.getuid()).pw_name

    def nobody(_: int) -> pwd.struct_passwd:
        raise KeyError("no such account")

    monkeypatch.setattr("pwd.getpwuid", nobody)
    assert operator().identity.startswith("uid ")


def test_settings_that_cannot_be_used_are_told_in_one_go(tmp_path: Path) -> None:
    """A missing file, and profiles with problems."""
    assert (
        "none.toml"
        in CommandLine(tmp_path).run("--config", str(tmp_path / "none.toml"), "ca", "list", code=1, config=False).output
    )
    commands = new_folder(tmp_path / "ca")
    (commands.folder / "profiles" / "bad.toml").write_text("x = 1\n")
    assert "bad.toml" in commands.run("ca", "list", code=1).output
