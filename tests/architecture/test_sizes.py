"""Files and functions stay small enough to be read in one go."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.tree import parsed, python_files, relative

FILE_LINES = 400
FUNCTION_LINES = 50


def long_functions(path: Path) -> Iterator[str]:
    """The functions of a file that are too long, docstring included."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield f"{relative(path)}:{node.lineno} {node.name} has {lines} lines"


def test_no_file_is_longer_than_400_lines() -> None:
    """Tests and benchmarks too, and nobody is exempt."""
    lengths = {
        relative(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in python_files("emca_daemon", "tests", "bench")
    }
    assert {name: length for name, length in lengths.items() if length > FILE_LINES} == {}


def test_no_function_is_longer_than_50_lines() -> None:
    """Tests and benchmarks too, and nobody is exempt."""
    files = python_files("emca_daemon", "tests", "bench")
    assert [finding for path in files for finding in long_functions(path)] == []
