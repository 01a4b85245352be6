"""`python -m emca_daemon`."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest


def test_the_module_is_the_command() -> None:
    """It prints the command's version."""
    words = [sys.executable, "-m", "emca_daemon", "--version"]
    assert "emca-daemon" in subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.mark.slow
def test_ctrl_c_while_modules_are_loaded_ends_it_quietly(tmp_path: Path) -> None:
    """No traceback comes from somewhere in the middle of an import."""
    (tmp_path / "click.py").write_text("print('loading', flush=True)\nimport time\ntime.sleep(30)\n")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from emca_daemon.__main__ import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "loading\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 1
        assert process.stderr.read() == ""
