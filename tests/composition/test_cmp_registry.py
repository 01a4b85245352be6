"""Who CMP's clients are."""

from pathlib import Path

import pytest

from emca_daemon.composition.cmp_registry import FileRegistry
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType, SubjectAttribute


def test_secrets_and_what_they_are_for(tmp_path: Path) -> None:
    """A text alone, or a table; changes are seen at once."""
    file = tmp_path / "secrets.toml"
    file.write_text('dev1 = "insta"\n["a b"]\nsecret = "s"\nsubject = "CN=a"\nnames = ["dns:a.example"]\n')
    registry = FileRegistry(file, None)
    found = registry.secret(b"dev1")
    assert found is not None
    assert (found.reference, found.secret, found.registration.subject) == ("dev1", b"insta", None)
    assert "insta" not in repr(found)
    table = registry.secret(b"a b")
    assert table is not None
    assert table.registration.subject == (SubjectAttribute("2.5.4.3", "a"),)
    assert table.registration.names == frozenset({AlternativeName(NameType.DNS, "a.example")})
    assert registry.secret(b"nobody") is None
    assert registry.secret(b"\xff") is None
    assert registry.device(["dev1"]) is None
    file.write_text('other = "something"\n')
    assert registry.secret(b"dev1") is None
    assert registry.secret(b"other") is not None


def test_devices(tmp_path: Path) -> None:
    """By the first identifier that is known; without a secret there is no secret."""
    file = tmp_path / "devices.toml"
    file.write_text("[station-7]\nnames = []\n")
    registry = FileRegistry(file, file)
    found = registry.device(["CN=station-7", "station-7"])
    assert found is not None
    assert (found.subject, found.names) == (None, frozenset())
    assert registry.secret(b"station-7") is None
    assert FileRegistry(None, None).secret(b"a") is None


@pytest.mark.parametrize(
    "text",
    [
        "a = 1",
        "[a]\nsecert = 's'",
        "[a]\nsecret = 1",
        "[a]\nsubject = 1",
        "[a]\nnames = 'dns:a'",
        "[a]\nnames = ['a']",
        "[a]\nnames = ['what:a']",
        "[a]\nsubject = 'no name'",
        "no toml",
        "a = '" + "x" * 17_000_000 + "'",
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, text: str) -> None:
    """Nobody is known as long as that is so, and no secret is told."""
    file = tmp_path / "secrets.toml"
    file.write_text(text)
    with pytest.raises(Refused) as refusal:
        FileRegistry(file, None).secret(b"a")
    assert refusal.value.reason is Reason.UNAVAILABLE


def test_files_that_are_not_there(tmp_path: Path) -> None:
    """The same."""
    with pytest.raises(Refused, match="missing"):
        FileRegistry(tmp_path / "missing", None).secret(b"a")
