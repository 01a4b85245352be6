"""`emca-daemon demo`."""

import json
from pathlib import Path

import pytest
from cryptography import x509

from emca_daemon.cli import demo as module
from emca_daemon.cli.demo import ISSUING, ROOT, demo_settings
from emca_daemon.composition.core import open_core
from emca_daemon.settings.model import Settings
from tests.support.cli_world import CommandLine


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings with which the daemon would have been started; it says at once that it is ready."""
    seen: list[Settings] = []

    def run_daemon(settings: Settings, *, ready: object) -> None:
        seen.append(settings)
        ready()  # type: ignore[operator]

    monkeypatch.setattr(module, "run_daemon", run_daemon)
    monkeypatch.setattr(module, "check_ports", lambda _port, _tls_port: None)
    return seen


def test_a_home_is_made_once_and_found_again(tmp_path: Path, started: list[Settings]) -> None:
    """Root and issuing CA stay the same; endpoints and secrets are there; the secrets are the owner's alone."""
    commands = CommandLine(tmp_path / "home")
    words = ("demo", "--home", str(commands.folder), "--port", "18080", "--tls-port", "18443")
    assert "is ready" in commands.run(*words, config=False).output
    first = (commands.folder / "root.pem").read_bytes()
    commands.run(*words, config=False)
    assert (commands.folder / "root.pem").read_bytes() == first
    assert len(started) == 2
    bundle = x509.load_pem_x509_certificates((commands.folder / "ca-bundle.pem").read_bytes())
    bundle[0].verify_directly_issued_by(bundle[1])
    assert json.loads((commands.folder / "endpoints.json").read_text())["acme"]["directory"].endswith(
        ":18443/acme/directory"
    )
    assert (commands.folder / "secrets.json").stat().st_mode & 0o777 == 0o600
    json.loads((commands.folder / "secrets.json").read_text())


def test_the_settings_are_conf_demo_toml(tmp_path: Path, started: list[Settings]) -> None:
    """On loopback only, with the ports asked for, and no place left unfilled."""
    text = demo_settings(tmp_path, 18080, 18443)
    assert "{home}" not in text
    commands = CommandLine(tmp_path / "home")
    commands.run("demo", "--home", str(commands.folder), "--port", "18080", "--tls-port", "18443", config=False)
    (settings,) = started
    assert {listener.address for listener in settings.listeners.values()} == {"127.0.0.1"}
    assert {listener.port for listener in settings.listeners.values()} == {18080, 18081, 18443, 18444}
    core = open_core(settings)
    assert {authority.name for authority in core.authorities.known()} == {ROOT, ISSUING}
    core.store.close()


def test_nothing_is_made_where_the_ports_will_not_do(tmp_path: Path) -> None:
    """The CA's certificates would name them for good; a home that is there keeps its endpoints."""
    for home in (tmp_path / "new", tmp_path):
        (tmp_path / "endpoints.json").touch()
        words = ("demo", "--home", str(home), "--port", "18080", "--tls-port", "18081")
        assert "both want port 18081" in CommandLine(home).run(*words, config=False, code=2).output
        assert [path.name for path in tmp_path.iterdir()] == ["endpoints.json"]
