"""`emca-daemon pebble` as it is called."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from emca_daemon.cli.main import main
from emca_daemon.composition.pebble_settings import PebblePlan


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[PebblePlan]:
    """What would be served, instead of serving it."""
    plans: list[PebblePlan] = []

    def run(plan: PebblePlan, ready: Callable[[], None]) -> None:
        plans.append(plan)
        ready()

    monkeypatch.setattr("emca_daemon.composition.pebble.run_pebble", run)
    return plans


def configuration(folder: Path, **changes: object) -> Path:
    """A configuration file."""
    file = folder / "pebble.json"
    file.write_text(json.dumps({"pebble": {"certificate": "c.pem", "privateKey": "k.pem", **changes}}))
    return file


@pytest.mark.parametrize(
    "words",
    [
        ["-config", "FILE", "-dnsserver", ":8053"],
        ["-strict", "-config=FILE", "-dnsserver=127.0.0.1:8053"],
        ["-strict=false", "--config", "FILE", "--dnsserver", "127.0.0.1:8053"],
        ["-strict", "false", "-config", "FILE", "-dnsserver", "127.0.0.1:8053"],
    ],
)
def test_pebble_s_own_options(tmp_path: Path, started: list[PebblePlan], words: list[str]) -> None:
    """With one hyphen or two, with a space or an equals sign; what is served is told as Pebble tells it."""
    file = configuration(tmp_path, managementListenAddress="0.0.0.0:15000")
    words = [word.replace("FILE", str(file)) for word in words]
    environment = {"PEBBLE_ALTERNATE_ROOTS": "1", "PEBBLE_VA_NOSLEEP": "1"}
    result = CliRunner(env=environment).invoke(main, ["pebble", *words])
    assert result.exit_code == 0, result.output
    (plan,) = started
    assert plan.resolvers == ("127.0.0.1:8053",)
    assert plan.environment.sleep_seconds == 0
    assert "ACME directory available at: https://:14000/dir" in result.stdout
    assert "Root CA certificate available at: https://0.0.0.0:15000/roots/1" in result.stdout


def test_without_management(tmp_path: Path, started: list[PebblePlan]) -> None:
    """It is said to be off, and the system's DNS is asked."""
    result = CliRunner().invoke(main, ["pebble", "-config", str(configuration(tmp_path))])
    assert "Management interface is disabled" in result.stdout
    assert started[0].resolvers == ()


def test_what_cannot_be_read(tmp_path: Path, started: list[PebblePlan]) -> None:
    """One line on standard error."""
    result = CliRunner().invoke(main, ["pebble", "-config", str(configuration(tmp_path, httpPort=0))])
    assert result.exit_code == 1
    assert "pebble.http_port" in result.stderr
    assert CliRunner().invoke(main, ["pebble", "-config", str(tmp_path / "none")]).exit_code == 4
    assert started == []
