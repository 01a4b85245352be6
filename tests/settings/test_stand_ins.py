"""What is found beside faults of form, and what is not made up because of them."""

from pathlib import Path
from unittest.mock import patch

import pytest

from emca_daemon.problems import Problem
from emca_daemon.settings.checking import check
from emca_daemon.settings.stand_ins import Doubts, read_despite

TLS = '[listeners.a]\nserves = ["ocsp"]\n[listeners.a.tls]\ncertificate = "a"\nkey = "b"\nissuer = "i"\nnames = ["a"]\n'
EST = '[est.a.http]\nmethods = ["bearer"]\n'


def keys(folder: Path, text: str, *, files: bool = False) -> list[str]:
    """The keys of the problems of a text."""
    file = folder / "emca.toml"
    file.write_text(text, encoding="utf-8")
    return [problem.key for problem in check(file, files=files)[1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[issuers.default]\ncrl_every = 3\ncrl_valid = "6h"\nocsp_key = "x"', ["crl_every", "ocsp_key"]),
        ('[acme.a]\nbase_url = 3\nprofile = "../x"', ["base_url", "profile"]),
        ('[acme.a]\nprofile = "../x"', ["base_url", "profile"]),
        ("[acme.a]\nwebsite = 'x'", ["base_url", "profile", "website"]),
        ("[listeners.a]\nserves = []\nport = true\naddress = 'x'", ["port", "address", "serves"]),
        ('[signers.a]\nkind = "pkcs11"\nmodule = 3', ["module", "pin_file", "token_label"]),
        ('[signers.a]\nkind = "pkcs11"\npin_file = "a"\ntoken_label = "b"\nmodule = ""', ["module"]),
        (f'{EST}realm = 3\n[est.a]\nprofile = "p"', ["http.realm", "http.tokens"]),
        (f'{EST}colour = 3\n[est.a]\nprofile = "p"', ["http.colour", "http.tokens"]),
        ('[issuers."a.b c"]\ncrl_valid = "1h"\nx = 3', ["x", "a.b c", "crl_valid"]),
    ],
)
def test_what_else_is_wrong_is_found(tmp_path: Path, text: str, expected: list[str]) -> None:
    """In the same table, and whether a key is missing, unknown, or of another type."""
    found = keys(tmp_path, text)
    assert len(found) == len(expected), found
    assert all(key.endswith(end) for key, end in zip(found, expected, strict=True)), found


@pytest.mark.parametrize(
    "text",
    [
        '[issuers.default]\ncrl_every = 3\n[issuers.a]\ncrl_valid = "6h"',
        '[signers.a]\nkind = "sofware"\nmodule = 1\n[issuers.a]\nocsp_key = "a:b"',
        'signers = 3\n[issuers.a]\nocsp_key = "a:b"',
        '[signers]\na = 3\n[issuers.a]\nocsp_key = "a:b"',
        '[listeners.a]\nserves = ["acmee"]\n[acme.a]\nbase_url = "https://a/b"\nprofile = "p"',
        'acme = 3\n[listeners.a]\nserves = ["acme"]',
        '[acme]\na = 3\n[listeners.a]\nserves = ["acme"]',
        'demo = 3\n[acme.a]\nbase_url = "https://a/b"\nprofile = "p"\nalways_valid = true',
        '[acme.a]\nbase_url = 3\nprofile = "p"\n[acme.b]\nbase_url = "https://a/software"\nprofile = "p"',
        f"{TLS}profile = 3",
        f'{EST}tokens = 3\n[est.a]\nprofile = "p"',
        '[est.a.http]\nmethods = ["bearer"]\ntokens = [3]\n[est.a]\nprofile = "p"',
    ],
)
def test_nothing_is_made_up(tmp_path: Path, text: str) -> None:
    """A value that could not be read is told once, and nothing that its stand-in would be at fault for."""
    assert len(keys(tmp_path, text)) == 1, keys(tmp_path, text)


def test_files_are_not_looked_for_under_the_names_of_stand_ins(tmp_path: Path) -> None:
    """But under the others."""
    (tmp_path / "profiles").mkdir()
    text = (
        '[acme.a]\nbase_url = 3\nprofile = "p"\n[signers.a]\nkind = "x"\n[signers.b]\nkind = "software"\ndirectory = 3'
    )
    assert keys(tmp_path, text, files=True) == [
        *("signers.a.kind", "signers.b.directory", "acme.a.base_url"),
        *("acme.a.profile", "signers.b.passphrase_file"),
    ]
    assert keys(tmp_path, "profiles = 3", files=True) == ["profiles"]


def test_a_file_that_is_no_toml_has_one_problem(tmp_path: Path) -> None:
    """There is nothing to judge."""
    assert keys(tmp_path, "= 3") == [""]


def test_where_no_stand_in_fits_there_is_nothing_to_judge(tmp_path: Path) -> None:
    """What was found is all there is."""
    file = tmp_path / "emca.toml"
    file.write_text("x = 1", encoding="utf-8")

    def never(_file: Path, _tables: object, problems: list[Problem]) -> None:
        problems.append(Problem("emca.toml", "x", "expected something else"))

    found: list[Problem] = []
    with patch("emca_daemon.settings.stand_ins.settings_of", never):
        assert read_despite(file, found) == (None, Doubts())


def test_a_value_that_cannot_stand_anywhere_is_left_out(tmp_path: Path) -> None:
    """Tables, lists and numbers: their default is taken, and their places are kept apart."""
    text = '[acme.a]\nbase_url = "x"\nprofile = "p"\nchallenges = ["x"]\nnetwork = 3\nlimits.overrides = {"a.b" = 1}'
    assert keys(tmp_path, text) == [
        *("acme.a.challenges", "acme.a.network", "acme.a.limits.overrides.a.b", "acme.a.base_url")
    ]
