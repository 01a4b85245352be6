"""Where the demonstration is to be found."""

import json
import shlex
from pathlib import Path

import pytest

from emca_daemon.cli.demo_endpoints import announce, write_endpoints


def test_programs_find_the_endpoints_nested_and_dotted(tmp_path: Path) -> None:
    """Paths and addresses, each address under both kinds of name."""
    write_endpoints(tmp_path, 8080, 8443)
    found = json.loads((tmp_path / "endpoints.json").read_text())
    assert found["acme"]["directory"] == found["acme.directory"] == "https://localhost:8443/acme/directory"
    assert found["ocsp"]["url"] == found["ocsp.url"] == "http://localhost:8080/ocsp"
    assert found["crl"]["url"] == found["crl.url"]
    assert found["metrics"]["url"] == found["metrics.url"]
    for key in ("root_certificate", "issuer_certificate", "ca_bundle"):
        assert found[key].startswith(str(tmp_path))


def test_people_see_a_line_to_try_for_each_protocol(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """certbot, openssl, curl."""
    announce(tmp_path, 8080, 8443)
    printed = capsys.readouterr().out
    for word in ("certbot certonly", "openssl ocsp", "openssl crl", "audit verify"):
        assert word in printed


def test_the_lines_suit_a_shell_whatever_the_folder_is_called(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each path in them is one word."""
    home = tmp_path / "it's a demo"
    announce(home, 8080, 8443)
    lines = capsys.readouterr().out.partition("Try, in another terminal:")[2].splitlines()
    words = {word for line in lines if line for word in shlex.split(line)}
    assert {f"{home}/issuer.pem", f"EMCA_CONFIG={home}/emca.toml", f"{home}/certbot/logs"} <= words
