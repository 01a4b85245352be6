"""Secrets from files and credentials."""

from pathlib import Path

import pytest

from emca_daemon.errors import Reason, Refused
from emca_daemon.settings.secrets import LARGEST, misplaced, read_secret, secret_in, secret_path


def secret(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    """A file with that content."""
    file = folder / "secret"
    file.write_bytes(content)
    file.chmod(mode)
    return file


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"open", b"open"),
        (b"open\n", b"open"),
        (b"open\r\n", b"open"),
        (b"open \n\n", b"open \n"),
        (b"\xff\0", b"\xff\0"),
    ],
)
def test_one_newline_at_the_end_is_not_part_of_a_secret(tmp_path: Path, content: bytes, expected: bytes) -> None:
    """Everything else is, blanks and any octet."""
    assert read_secret(secret(tmp_path, content), {}) == expected


@pytest.mark.parametrize("content", [b"", b"\n", b"x" * (LARGEST + 1)])
def test_a_secret_is_neither_empty_nor_huge(tmp_path: Path, content: bytes) -> None:
    """The refusal names the file and shows nothing of the secret."""
    with pytest.raises(Refused) as refusal:
        read_secret(secret(tmp_path, content), {})
    assert refusal.value.reason is Reason.UNAVAILABLE
    assert "xx" not in str(refusal.value)


def test_a_missing_secret_is_unavailable(tmp_path: Path) -> None:
    """The refusal says which file, and why."""
    with pytest.raises(Refused, match="No such file") as refusal:
        read_secret(tmp_path / "none", {})
    assert refusal.value.reason is Reason.UNAVAILABLE


def test_a_secret_is_named_for_people(tmp_path: Path) -> None:
    """With the file's path, and never with what is in it."""
    file = tmp_path / "word"
    with pytest.raises(Refused, match=r"^the word in .*word cannot be read: No such file") as refused:
        secret_in(file, "the word")
    assert refused.value.reason is Reason.UNAVAILABLE
    file.write_bytes(b"open sesame\r\n")
    assert secret_in(file, "the word") == b"open sesame"
    file.write_bytes(b"\n")
    with pytest.raises(Refused, match=r"^the word in .*word is empty"):
        secret_in(file, "the word")


def test_a_credential_is_in_the_folder_that_systemd_names(tmp_path: Path) -> None:
    """Whatever folder the settings file put before it."""
    secret(tmp_path, b"open\n")
    environment = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert secret_path(Path("/etc/emca/credential:secret"), environment) == tmp_path / "secret"
    assert secret_path(Path("/etc/emca/secret"), environment) == Path("/etc/emca/secret")
    assert read_secret(Path("/etc/emca/credential:secret"), environment) == b"open"
    assert misplaced(Path("credential:secret"), environment) is None


@pytest.mark.parametrize("name", ["credential:secret", "credential:", "credential:.."])
def test_a_credential_that_was_not_handed_over_is_unavailable(name: str) -> None:
    """Neither is a name that would lead out of the folder; it is then in no folder at all."""
    environment = {} if name == "credential:secret" else {"CREDENTIALS_DIRECTORY": "/run/credentials"}
    assert secret_path(Path("/etc/emca") / name, environment) == Path(name)
    with pytest.raises(Refused, match="cannot be read"):
        read_secret(Path(name), environment)


def test_a_secret_open_to_others_is_misplaced(tmp_path: Path) -> None:
    """The group may read it, everybody may not."""
    assert misplaced(secret(tmp_path, b"open", 0o640), {}) is None
    assert "must not be open to others" in str(misplaced(secret(tmp_path, b"open", 0o644), {}))


def test_a_secret_is_a_file_that_is_there(tmp_path: Path) -> None:
    """Folders and missing files are told."""
    assert "No such file" in str(misplaced(tmp_path / "none", {}))
    assert "readable file" in str(misplaced(tmp_path, {}))
    assert "the name of a file" in str(misplaced(tmp_path / "\0", {}))


def test_credentials_are_judged_only_where_they_can_be_seen() -> None:
    """Outside the service nothing is said; inside, a missing one is told."""
    assert misplaced(Path("credential:pin"), {}) is None
    assert "No such file" in str(misplaced(Path("credential:pin"), {"CREDENTIALS_DIRECTORY": "/nowhere"}))
