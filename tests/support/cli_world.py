"""The command line on a CA of its own in a temporary folder."""

import atexit
import json
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from click.testing import CliRunner, Result

from emca_daemon.ca.enrollment import Issued
from emca_daemon.cli.main import main
from emca_daemon.composition.core import open_core
from emca_daemon.names import ProfileName, serial_text
from emca_daemon.settings.checking import load_settings
from tests.support.ca_world import ISSUING, server_request


class CommandLine:
    """Runs commands on one folder's settings; nothing of the environment gets in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "emca.toml"

    def run(self, *words: str, code: int = 0, config: bool = True) -> Result:
        """Run `emca-daemon WORDS`; the exit code must be the expected one."""
        settings = ["--config", str(self.config)] if config else []
        result = CliRunner(env={"EMCA_CONFIG": None}).invoke(main, [*settings, *words])
        assert result.exit_code == code, result.output
        return result

    def json(self, *words: str, code: int = 0) -> object:
        """The JSON that a command prints."""
        return json.loads(self.run(*words, "--json", code=code).stdout)

    def rows(self, *words: str) -> list[dict[str, Any]]:
        """The JSON of a list."""
        rows = self.json(*words)
        assert isinstance(rows, list)
        return rows

    def record(self, *words: str) -> dict[str, Any]:
        """The JSON of one thing."""
        record = self.json(*words)
        assert isinstance(record, dict)
        return record


def new_folder(folder: Path) -> CommandLine:
    """What `init` makes."""
    commands = CommandLine(folder)
    commands.run("init", str(folder), config=False)
    return commands


def with_issuers(folder: Path) -> CommandLine:
    """The same with a root and an issuing CA: a copy of one that is made once."""
    shutil.copytree(_template(), folder, dirs_exist_ok=True)
    return CommandLine(folder)


@cache
def _template() -> Path:
    folder = Path(mkdtemp(prefix="emca-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    commands = new_folder(folder)
    commands.run("ca", "create-root", "root", "--subject", "CN=Test Root CA,O=Test")
    commands.run("ca", "create-sub", "issuing", "--subject", "CN=Test Issuing CA,O=Test", "--parent", "root")
    return folder


def issue(commands: CommandLine, *names: str) -> str:
    """The serial of a fresh server certificate, issued behind the command line's back."""
    core = open_core(load_settings(commands.config))
    try:
        outcome = core.enrollment.enroll(server_request(*names), ProfileName("tls-server"), issuer=ISSUING)
    finally:
        core.store.close()
    assert isinstance(outcome, Issued)
    return serial_text(outcome.record.intent.serial)
