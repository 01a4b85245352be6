"""Tests mirror the source."""

from pathlib import Path

from tests.architecture.tree import PACKAGE, ROOT, python_files, relative

EXEMPT = ("__init__.py", "ports.py")
"""Files with nothing to run: a docstring, or declarations that mypy alone can check."""


def twin(source: Path) -> Path:
    """Where the tests of a source file are."""
    inside = source.relative_to(PACKAGE)
    return ROOT / "tests" / inside.parent / f"test_{inside.name}"


def test_every_source_file_has_its_twin() -> None:
    """`tests/ca/test_crls.py` stands for `emca_daemon/ca/crls.py`; migrations are tested as one."""
    sources = [path for path in python_files("emca_daemon") if path.name not in EXEMPT and "versions" not in path.parts]
    missing = [relative(twin(source)) for source in sources if not twin(source).is_file()]
    assert missing == []


def test_test_folders_are_not_packages() -> None:
    """No `__init__.py` below `tests/`: pytest imports by path."""
    assert [relative(path) for path in python_files("tests") if path.name == "__init__.py"] == []
