"""Permission is an object that only policy makes, and only few places may sign."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.tree import PACKAGE, parsed, python_files


def calls(path: Path) -> Iterator[tuple[str, bool]]:
    """Every call in a file: the last part of what is called, and whether it is an attribute of something."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.func.id, False
            elif isinstance(node.func, ast.Attribute):
                yield node.func.attr, True


def callers(name: str, *, attribute: bool | None = None) -> set[str]:
    """The package's files that call something of that name: as an attribute, as a plain name, or (None) either."""
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in python_files("emca_daemon")
        if any(called == name and attribute in (None, dotted) for called, dotted in calls(path))
    }


def catchers() -> set[str]:
    """The package's files that catch whatever comes."""
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in python_files("emca_daemon")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")))
    }


def test_only_the_decision_approves() -> None:
    """`Approved` and `AwaitsApproval` are made in `policy/decision.py` and nowhere else."""
    assert callers("Approved") <= {"policy/decision.py"}
    assert callers("AwaitsApproval") <= {"policy/decision.py"}


def test_only_the_linters_pass() -> None:
    """`Linted` is made in `policy/lint.py` and nowhere else."""
    assert callers("Linted") <= {"policy/lint.py"}


def test_no_token_is_copied_with_changes() -> None:
    """`dataclasses.replace` on a token would forge one: the files that see tokens before signing do not use it."""
    assert callers("replace", attribute=False) & {"ca/cycle.py", "ca/building.py", "ca/issuing.py"} == set()


def test_only_the_signature_module_and_signers_use_private_keys() -> None:
    """`key.sign(...)` stands in `ca/signatures.py` and `signers/`, and in `building.py` for specimens alone."""
    others = {path for path in callers("sign", attribute=True) if not path.startswith("signers/")}
    assert others <= {"ca/signatures.py", "ca/building.py"}


def test_only_the_web_listener_catches_everything() -> None:
    """What is not `Refused` is a bug and reaches `listeners/web.py`, which logs it whole."""
    assert catchers() <= {"listeners/web.py"}
