"""What only a demonstration may do."""

from pathlib import Path

import pytest

from emca_daemon.settings.checking import check

ENDPOINT = '[acme.a]\nbase_url = "https://ca.example/acme"\nprofile = "tls-server"\n'


def problem_keys(folder: Path, text: str) -> list[str]:
    """The keys that a text gets wrong."""
    file = folder / "emca.toml"
    file.write_text(text)
    return [problem.key for problem in check(file, files=False)[1]]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (ENDPOINT + "always_valid = true\n", "acme.a.always_valid"),
        ("[chaos]\nbad_nonces = 0.1\n", "chaos"),
        ("[chaos]\nmoved_resources = true\n", "chaos"),
    ],
)
def test_only_with_demo(tmp_path: Path, text: str, key: str) -> None:
    """Refused in every other file, and fine in a demonstration's."""
    assert problem_keys(tmp_path, text) == [key]
    assert problem_keys(tmp_path, "demo = true\n" + text) == []


def test_switches_that_are_off(tmp_path: Path) -> None:
    """A file may show them."""
    assert problem_keys(tmp_path, ENDPOINT + "always_valid = false\n[chaos]\nbad_nonces = 0.0\n") == []
