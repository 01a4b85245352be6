"""Tests mirror the source."""

import ast
from pathlib import Path

from tests.architecture.tree import PACKAGE, ROOT, parsed, python_files, relative


def twin(source: Path) -> Path:
    """Where the tests of a source file are."""
    inside = source.relative_to(PACKAGE)
    return ROOT / "tests" / inside.parent / f"test_{inside.name}"


def runs(source: Path) -> bool:
    """Whether there is a function with a body; records and ports only declare, and mypy looks at those."""
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and len(node.body) > bool(ast.get_docstring(node))
        for node in ast.walk(parsed(source))
    )


def test_every_source_file_has_its_twin() -> None:
    """`tests/ca/test_crl.py` stands for `emca_daemon/ca/crl.py`; migrations are tested as one."""
    sources = [path for path in python_files("emca_daemon") if "versions" not in path.parts and runs(path)]
    missing = [relative(twin(source)) for source in sources if not twin(source).is_file()]
    assert missing == []


def test_what_only_declares_needs_no_twin() -> None:
    """The rule above lets off files of dataclasses and protocols, nothing else."""
    assert not runs(PACKAGE / "ca" / "ports.py")
    assert not runs(PACKAGE / "policy" / "tokens.py")
    assert runs(PACKAGE / "errors.py")


def test_test_folders_are_not_packages() -> None:
    """No `__init__.py` below `tests/`: pytest imports by path."""
    assert [relative(path) for path in python_files("tests") if path.name == "__init__.py"] == []
