"""Tests of emca_daemon.policy.loading and of the profiles that come with the daemon."""

from datetime import timedelta
from pathlib import Path

import pytest

from emca_daemon.policy.loading import load_profiles
from emca_daemon.policy.tokens import CertificateKind
from tests.support.policy_world import PROFILES

KINDS = {
    "root-ca": CertificateKind.ROOT,
    "issuing-ca": CertificateKind.SUB_CA,
    "tls-server": CertificateKind.END_ENTITY,
    "tls-server-public": CertificateKind.END_ENTITY,
    "tls-server-internal": CertificateKind.END_ENTITY,
    "tls-client": CertificateKind.END_ENTITY,
    "ocsp-signer": CertificateKind.OCSP_SIGNER,
    "tsa": CertificateKind.TSA,
}


def test_the_profiles_that_come_along_are_sound() -> None:
    """Every file loads, is of its kind and described."""
    profiles, problems = load_profiles(PROFILES)
    assert problems == []
    assert {name: profile.kind for name, profile in profiles.items()}.items() >= KINDS.items()
    assert all(profile.description for profile in profiles.values())


def test_an_ocsp_signer_lives_shortly_and_is_not_looked_up() -> None:
    """It carries no-check, and no addresses (RFC 6960 4.2.2.2.1)."""
    signer = load_profiles(PROFILES)[0]["ocsp-signer"]  # type: ignore[index]
    assert signer.ocsp_no_check
    assert timedelta(days=7) <= signer.validity.duration <= timedelta(days=30)
    assert not any((signer.authority.ocsp, signer.authority.crl, signer.authority.ca_issuers))


def test_a_folder_that_is_none_is_a_problem(tmp_path: Path) -> None:
    """No profiles, one problem."""
    profiles, problems = load_profiles(tmp_path / "none")
    assert profiles == {}
    assert [problem.expected for problem in problems] == ["a folder with profiles was expected"]


def test_a_folder_without_profiles_is_a_problem(tmp_path: Path) -> None:
    """A file that is no TOML is none."""
    (tmp_path / "readme.txt").write_text("nothing")
    profiles, problems = load_profiles(tmp_path)
    assert profiles == {}
    (problem,) = problems
    assert problem.file == str(tmp_path)
    assert "none in it" in problem.expected


def test_every_problem_of_every_file_is_told(tmp_path: Path) -> None:
    """The sound profiles are there all the same."""
    files = {
        "good.toml": 'description = "fine"',
        "named.toml": 'name = "x"',
        "broken.toml": "=",
        "wrong.toml": 'kind = "tls"\ncolour = 1\nvalidity = { duration = 90 }\n'
        'rules = [{ expression = "x ==", message = "m" }]',
        "ignored.txt": "",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    profiles, problems = load_profiles(tmp_path)
    assert list(profiles) == ["good"]
    found = {(Path(problem.file).name, problem.key) for problem in problems}
    assert found == {
        ("broken.toml", ""),
        ("named.toml", "name"),
        ("wrong.toml", "kind"),
        ("wrong.toml", "colour"),
        ("wrong.toml", "validity.duration"),
        ("wrong.toml", "rules[0].expression"),
    }


@pytest.mark.parametrize("name", KINDS)
def test_each_file_says_in_its_first_line_what_it_is_for(name: str) -> None:
    """A comment, for whoever opens it."""
    assert (PROFILES / f"{name}.toml").read_text(encoding="utf-8").startswith("# ")
