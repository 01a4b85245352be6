"""How many perspectives must agree, and what clients are told when too few do."""

import pytest

from emca_daemon.protocols.acme.corroboration import account_of, disagreement, unreachable, usual_quorum
from emca_daemon.protocols.acme.errors import Problem

CAA = Problem("caa", "no", 403)
WRONG = Problem("unauthorized", "other content", 403)


@pytest.mark.parametrize(("perspectives", "quorum"), [(0, 0), (1, 1), (2, 1), (3, 2), (5, 4), (6, 4), (8, 6)])
def test_the_usual_quorum_is_that_of_the_baseline_requirements(perspectives: int, quorum: int) -> None:
    """3.2.2.9: one may differ among two to five, two among six and more."""
    assert usual_quorum(perspectives) == quorum


def test_enough_agreement_is_no_problem() -> None:
    """Whatever the others found."""
    assert disagreement({"a": None, "b": WRONG}, 1) is None
    assert disagreement({}, 0) is None


def test_every_dissent_is_a_subproblem() -> None:
    """The whole has the type of the first that says something about the name."""
    problem = disagreement({"a": unreachable("a"), "b": CAA, "c": None, "d": WRONG}, 3)
    assert problem is not None
    assert (problem.type, problem.status) == ("caa", 403)
    assert problem.detail == "during secondary validation: 1 of 4 perspectives confirm it, 3 must; no"
    assert [one.type for one in problem.subproblems] == ["serverInternal", "caa", "unauthorized"]
    assert problem.subproblems[2].detail == "perspective d: other content"


def test_silence_is_not_the_fault_of_the_name() -> None:
    """Where nobody could be asked."""
    problem = disagreement({"a": unreachable("a"), "b": None}, 2)
    assert problem is not None
    assert (problem.type, problem.status) == ("serverInternal", 500)


def test_the_audit_has_everybodys_word() -> None:
    """In one line."""
    assert account_of({"a": None, "b": CAA}) == "a: ok, b: caa"
