"""What the conformance tables say is tested: every test that they name is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, python_files, relative

DOCUMENTS = sorted((ROOT / "docs" / "conformance").glob("*.md"))


@cache
def written() -> frozenset[str]:
    """The names of all tests under `tests/`."""
    found: set[str] = set()
    for path in python_files("tests"):
        found.update(
            node.name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        )
    return frozenset(found)


def named(text: str) -> set[str]:
    """The names of tests between backquotes."""
    return set(re.findall(r"`(test_[a-z0-9_]+)`", text))


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_every_test_that_a_table_names_is_there(document: Path) -> None:
    """A test that was renamed must be renamed in the tables, too."""
    assert named(document.read_text(encoding="utf-8")) - written() == set()


def test_the_tables_name_tests_at_all() -> None:
    """Names are found in the text, and only whole ones between backquotes."""
    assert named("`test_a_thing`, `tests/x/test_y.py` `test_another`; test_not_this") == {
        "test_a_thing",
        "test_another",
    }
    assert len(set().union(*(named(document.read_text(encoding="utf-8")) for document in DOCUMENTS))) > 100
