"""Tests of secrets in files."""

from pathlib import Path

import pytest

from emca_daemon.errors import Reason, Refused
from emca_daemon.signers.secret_files import LONGEST, read_secret


@pytest.mark.parametrize(
    ("content", "secret"),
    [(b"word", b"word"), (b"word\n", b"word"), (b"word\r\n", b"word"), (b"word\n\n", b"word\n"), (b" a ", b" a ")],
)
def test_one_trailing_newline_is_not_part_of_the_secret(tmp_path: Path, content: bytes, secret: bytes) -> None:
    """Editors add it; everything else counts."""
    path = tmp_path / "secret"
    path.write_bytes(content)
    assert read_secret(path, "the word") == secret


@pytest.mark.parametrize("content", [b"", b"\n", b"x" * (LONGEST + 1)])
def test_secrets_have_a_length(tmp_path: Path, content: bytes) -> None:
    """Neither nothing nor a whole disk."""
    path = tmp_path / "secret"
    path.write_bytes(content)
    with pytest.raises(Refused) as refusal:
        read_secret(path, "the word")
    assert refusal.value.reason is Reason.UNAVAILABLE


def test_missing_files_are_named(tmp_path: Path) -> None:
    """The path is in the message, with what the secret is for."""
    with pytest.raises(Refused, match=r"the word cannot be read from .*none") as refusal:
        read_secret(tmp_path / "none", "the word")
    assert refusal.value.reason is Reason.UNAVAILABLE
