"""What is committed speaks of the project alone, and is finished."""

import ast
import re

import pytest

from tests.architecture.tree import PACKAGE, parsed, relative, text_files

SOMEONES_MACHINE = re.compile(
    "|".join(
        (
            "/wo" + "rk/",
            "/ro" + "ot/",
            "/ho" + "me/[a-z]",
            "/Us" + "ers/",
            "/op" + "t/",
            "py" + r"pi\.org",
            "python" + "hosted",
        )
    )
)
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK")) + r")\b")


@pytest.mark.parametrize("pattern", [SOMEONES_MACHINE, UNFINISHED], ids=["places", "leftovers"])
def test_no_file_names_a_machine_or_leaves_work_behind(pattern: re.Pattern[str]) -> None:
    """No path of somebody's machine, no package registry, no note of work to be done."""
    findings = [
        f"{relative(path)}:{number}: {line.strip()}"
        for path in text_files()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert findings == []


def test_packages_hold_a_docstring_only() -> None:
    """`__init__.py` runs nothing: what a package offers is imported from its modules."""
    for path in sorted(PACKAGE.rglob("__init__.py")):
        body = parsed(path).body
        assert [type(node) for node in body] == [ast.Expr], relative(path)
        assert ast.get_docstring(parsed(path)), relative(path)


def test_the_links_in_the_root_lead_into_the_package() -> None:
    """`protocols`, `policy` and `store` are signposts, tracked as relative links."""
    for name in ("protocols", "policy", "store"):
        link = PACKAGE.parent / name
        assert link.is_symlink()
        assert link.readlink().as_posix() == f"emca_daemon/{name}"
