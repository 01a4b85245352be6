"""`python -m emca_daemon`."""

import subprocess
import sys


def test_the_module_is_the_command() -> None:
    """It prints the command's version."""
    words = [sys.executable, "-m", "emca_daemon", "--version"]
    assert "emca-daemon" in subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout
