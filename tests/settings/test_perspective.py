"""The settings file of a perspective."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from emca_daemon.errors import Refused
from emca_daemon.settings.perspective import load_perspective
from tests.support.perspectives import perspective_settings, self_signed

CONF = Path(__file__).parents[2] / "conf" / "perspective.toml"


def test_the_file_that_is_shipped_can_be_used(tmp_path: Path) -> None:
    """What stands behind `#` there is the default."""
    settings = load_perspective(CONF, files=False)
    assert settings.listener.tls is not None
    assert settings.listener.tls.client_certificates == "required"
    assert (settings.port, settings.at_once, settings.http_port, settings.tls_port) == (8555, 64, 80, 443)
    lines = [line.removeprefix("# ") for line in CONF.read_text().splitlines()]
    plain = "\n".join(line for line in lines if not line.endswith("unset") and (" = " in line or line.startswith("[")))
    file = tmp_path / "plain.toml"
    file.write_text("\n".join(line for line in plain.splitlines() if re.match(r"[a-z_]+ = |\[", line)))
    plain_settings = load_perspective(file, files=False)
    here = settings.certificate, settings.key, settings.primaries
    assert replace(plain_settings, certificate=here[0], key=here[1], primaries=here[2]) == settings


def test_a_file_with_everything(tmp_path: Path) -> None:
    """Fixed hosts are a table, as for ACME endpoints."""
    primary, _ = self_signed(tmp_path, "primary")
    settings = load_perspective(perspective_settings(tmp_path, "east", 8555, 5002, primary))
    assert settings.network.hosts == (("*.emca.test", "127.0.0.1"),)
    assert settings.primaries == (primary,)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('address = "here"', "address"),
        ("primaries = []", "primaries"),
        ("port = 70000", "port"),
        ('certificate = "none.pem"', "certificate"),
        ('key = "none.key"', "key"),
        ("other = 1", "other"),
        ('[network]\nresolvers = ["x"]', "network.resolvers"),
        ("[network]\nhosts = 1", "network.hosts"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, line: str, key: str) -> None:
    """By its key."""
    primary, _ = self_signed(tmp_path, "primary")
    certificate, own_key = self_signed(tmp_path, "own")
    good = {"certificate": f'"{certificate}"', "key": f'"{own_key}"', "primaries": f'["{primary}"]'}
    kept = [f"{name} = {value}" for name, value in good.items() if not line.startswith(f"{name} =")]
    file = tmp_path / "perspective.toml"
    file.write_text("\n".join([*kept, line]))
    with pytest.raises(Refused) as refused:
        load_perspective(file)
    assert key in [mismatch.field for mismatch in refused.value.mismatches]


def test_no_file(tmp_path: Path) -> None:
    """Is refused, too; without the machine's files the text alone counts."""
    with pytest.raises(Refused):
        load_perspective(tmp_path / "none.toml")
    file = tmp_path / "perspective.toml"
    file.write_text('certificate = "a"\nkey = "b"\nprimaries = ["c"]')
    assert load_perspective(file, files=False).address == "127.0.0.1"
