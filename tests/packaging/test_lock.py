"""The lock files: complete, hashed, and without addresses."""

import re
from configparser import ConfigParser

import pytest

from tests.architecture.tree import ROOT


def declared(section: str, option: str) -> set[str]:
    """The distributions that `setup.cfg` asks for, by normalized name."""
    parser = ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return {normalized(line) for line in parser.get(section, option).split("\n") if line}


def normalized(requirement: str) -> str:
    """The name of a requirement as the locks spell it."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def locked(name: str) -> dict[str, str]:
    """The distributions in a lock file with their versions."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", text, re.MULTILINE))


def test_everything_that_is_declared_is_locked() -> None:
    """Requirements of the daemon are in both locks, those of development in the second."""
    runtime = declared("options", "install_requires") | declared("options.extras_require", "editable")
    assert runtime <= set(locked("requirements.lock"))
    assert runtime | declared("options.extras_require", "dev") <= set(locked("requirements-dev.lock"))


def test_both_locks_agree() -> None:
    """The development lock holds the runtime lock, version by version, so that installing one fulfils the other."""
    assert locked("requirements.lock").items() <= locked("requirements-dev.lock").items()


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_entry_is_hashed_and_none_has_an_address(name: str) -> None:
    """Each version carries SHA-256 hashes; where it is fetched from is the installing machine's own matter."""
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = re.split(r"^(?=[a-z0-9-]+==)", text, flags=re.MULTILINE)[1:]
    assert entries
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", entry) for entry in entries)
    assert "//" not in text
    assert "index-url" not in text
