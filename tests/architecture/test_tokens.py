"""Permission is an object that only policy makes, and only few places may sign."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

from emca_daemon.ca.issuing import sign_certificate
from emca_daemon.policy.tokens import Linted
from tests.architecture.tree import PACKAGE, parsed, python_files

OTHER_SIGNATURES = {
    "ca/building.py",  # specimens for the linters, by throw-away keys
    "asn1/cms_signatures.py",  # messages: answers of EST and SCEP, by their own certificates
    "asn1/cms_signing.py",  # asks the one above
    "ca/external.py",  # certification requests of our own CAs
    "protocols/est/generated_keys.py",  # the client's request, by the key that was made for the client
    "protocols/acme/algorithms.py",  # algorithms of JWS as josepy wants them: clients sign, the server verifies
}


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
    """The package's files that catch whatever comes, and do not raise it again."""
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in python_files("emca_daemon")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ExceptHandler) and catches_all(node) and not raises_again(node)
    }


def catches_all(clause: ast.ExceptHandler) -> bool:
    """`except:`, `except Exception` or `except BaseException`."""
    return clause.type is None or (
        isinstance(clause.type, ast.Name) and clause.type.id in ("Exception", "BaseException")
    )


def raises_again(clause: ast.ExceptHandler) -> bool:
    """The clause ends by raising what it caught."""
    last = clause.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


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


def test_only_few_files_use_private_keys() -> None:
    """`key.sign(...)` stands in `ca/signatures.py` and `signers/`, and where nothing is certified by it."""
    others = {path for path in callers("sign", attribute=True) if not path.startswith("signers/")}
    assert others - {"ca/signatures.py"} <= OTHER_SIGNATURES


def test_what_is_signed_is_a_certificate_a_crl_or_an_ocsp_answer() -> None:
    """`ca.signatures.sign` is called where one of the three is put together, and nowhere else."""
    assert callers("sign", attribute=False) <= {
        "ca/issuing.py",
        "ca/crl.py",
        "protocols/ocsp/operations.py",
        "protocols/cmp/replies.py",
    }


def test_a_certificate_is_signed_with_a_token_of_the_linters() -> None:
    """`sign_certificate` takes a `Linted`, which takes an `Approved`: there is no other way to a signature."""
    assert get_type_hints(sign_certificate)["linted"] is Linted


def test_only_the_guard_catches_everything() -> None:
    """What is not `Refused` is a bug and reaches `listeners/guard.py`, which logs it whole."""
    assert catchers() <= {"listeners/guard.py"}
