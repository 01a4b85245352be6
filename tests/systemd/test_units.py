"""The systemd units, read by a parser and by systemd itself."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from emca_daemon.cli.main import main

UNITS = Path(__file__).resolve().parents[2] / "systemd"
LINE = re.compile(r"[A-Z][A-Za-z]*=.*")


def settings(unit: str) -> dict[str, dict[str, list[str]]]:
    """Sections, keys and values of a unit; fails on lines that are none of these."""
    sections: dict[str, dict[str, list[str]]] = {}
    keys: dict[str, list[str]] = {}
    for line in (UNITS / unit).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            keys = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            assert LINE.fullmatch(line), line
            name, _, value = line.partition("=")
            keys.setdefault(name, []).append(value)
    return sections


def test_the_service_is_told_when_the_daemon_is_ready() -> None:
    """And watches it, reloads it, and hands secrets over as credentials."""
    service = settings("emca-daemon.service")["Service"]
    assert service["Type"] == ["notify"]
    assert "WatchdogSec" in service
    assert service["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert service["LoadCredential"]
    assert service["ExecStart"] == ["/usr/bin/emca-daemon serve --config /etc/emca-daemon/emca.toml"]


def test_a_perspective_is_shut_in_likewise() -> None:
    """Without an account: it keeps nothing."""
    service = settings("emca-daemon-perspective.service")["Service"]
    assert service["ExecStart"] == ["/usr/bin/emca-daemon perspective --config /etc/emca-daemon/perspective.toml"]
    assert service["DynamicUser"] == ["yes"]
    kept = ("CapabilityBoundingSet", "NoNewPrivileges", "ProtectSystem", "RestrictAddressFamilies", "SystemCallFilter")
    assert {key: service[key] for key in kept} == {key: settings("emca-daemon.service")["Service"][key] for key in kept}


def test_the_units_commands_are_ours() -> None:
    """With these options, in this order."""
    for unit in ("emca-daemon.service", "emca-daemon-perspective.service"):
        _, command, option, _ = settings(unit)["Service"]["ExecStart"][0].split()
        assert option in {name for one in main.commands[command].params for name in one.opts}


def test_the_service_is_shut_in() -> None:
    """No capability, no privileges to gain, a file system to read only, three address families."""
    service = settings("emca-daemon.service")["Service"]
    assert service["CapabilityBoundingSet"] == [""]
    assert service["NoNewPrivileges"] == ["yes"]
    assert service["ProtectSystem"] == ["strict"]
    assert service["PrivateTmp"] == ["yes"]
    assert service["StateDirectory"] == ["emca-daemon"]
    assert service["RestrictAddressFamilies"] == ["AF_INET AF_INET6 AF_UNIX"]
    assert service["SystemCallFilter"][0] == "@system-service"
    assert service["User"] == ["emca-daemon"]


@pytest.mark.parametrize(("unit", "name"), [("emca-daemon.socket", "https"), ("emca-daemon-http.socket", "http")])
def test_sockets_are_named_and_go_to_the_service(unit: str, name: str) -> None:
    """`FileDescriptorName` is what a listener's `socket` refers to."""
    socket = settings(unit)["Socket"]
    assert socket["FileDescriptorName"] == [name]
    assert socket["Service"] == ["emca-daemon.service"]
    assert unit in settings("emca-daemon.service")["Service"]["Sockets"][0]


def verified(folder: Path, change: Callable[[str], str] = lambda text: text) -> tuple[int, str]:
    """What `systemd-analyze verify` makes of our units, with a program that exists in place of ours."""
    for unit in UNITS.iterdir():
        text = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(encoding="utf-8"))
        (folder / unit.name).write_text(change(text))
    outcome = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", "--man=no", *sorted(map(str, folder.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    return outcome.returncode, outcome.stderr


def test_systemd_has_nothing_to_complain_about(tmp_path: Path) -> None:
    """Nothing that it does not know, nothing that it would not start."""
    assert verified(tmp_path) == (0, "")


def test_systemd_would_complain(tmp_path: Path) -> None:
    """About a setting that it does not know, and a program that does not exist."""
    _, said = verified(tmp_path, lambda text: text.replace("ProtectHome=", "ProtectHouse=").replace("true", "nothing"))
    assert "ProtectHouse" in said
    assert "/bin/nothing is not executable" in said
