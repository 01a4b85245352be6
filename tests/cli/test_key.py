"""`emca-daemon key`."""

from pathlib import Path

from tests.support.cli_world import new_folder


def test_keys_are_made_listed_and_found(tmp_path: Path) -> None:
    """By name and algorithm; the making is audited."""
    commands = new_folder(tmp_path)
    commands.run("key", "generate", "software:one", "--algorithm", "ed25519")
    commands.run("key", "generate", "software:two")
    assert [(row["key"], row["algorithm"]) for row in commands.rows("key", "list")] == [
        ("software:one", "ed25519"),
        ("software:two", "p-256"),
    ]
    assert [row["key"] for row in commands.rows("key", "find", ":two")] == ["software:two"]
    assert [row["action"] for row in commands.rows("audit", "list")] == ["key.generate", "key.generate"]


def test_what_cannot_be_made_or_found_is_refused(tmp_path: Path) -> None:
    """A taken name, an unknown signer, an unknown algorithm, nothing found."""
    commands = new_folder(tmp_path)
    commands.run("key", "generate", "software:one")
    commands.run("key", "generate", "software:one", code=1)
    commands.run("key", "generate", "token:one", code=3)
    commands.run("key", "generate", "software:x", "--algorithm", "rsa-512", code=1)
    commands.run("key", "generate", "software:y", "--decrypts", code=1)
    commands.run("key", "find", "nothing", code=3)


def test_a_key_for_decrypting_is_an_rsa_key(tmp_path: Path) -> None:
    """In a token it must be made for it."""
    commands = new_folder(tmp_path)
    commands.run("key", "generate", "software:own", "--algorithm", "rsa-2048", "--decrypts")
    assert [row["algorithm"] for row in commands.rows("key", "list")] == ["rsa-2048"]
