"""The files of the project, as the architecture tests walk them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "emca_daemon"
FOLDERS = ("emca_daemon", "tests", "bench", "conf", "docs", "systemd", ".ci")
"""What is committed apart from the files in the root; the links `protocols`, `policy`, `store` lead into the first."""

IN_THE_ROOT = ("*.md", "*.toml", "*.cfg", "*.lock", "Makefile", "LICENSE", "run", "test", ".gitignore")


def python_files(*folders: str) -> list[Path]:
    """Every Python file below these folders, in order."""
    return sorted(
        path for folder in folders for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts
    )


def text_files() -> Iterator[Path]:
    """Every file of the project, the root's included."""
    for pattern in IN_THE_ROOT:
        yield from sorted(ROOT.glob(pattern))
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and not path.is_symlink() and "__pycache__" not in path.parts:
                yield path


def relative(path: Path) -> str:
    """The path as people write it."""
    return path.relative_to(ROOT).as_posix()


def parsed(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def words(name: str) -> set[str]:
    """The words of a class or file name, lower-case: `HttpFrontEnd` and `http_front_end` give the same."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}
