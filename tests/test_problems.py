"""Tests of emca_daemon.problems."""

from emca_daemon.problems import Problem


def test_a_problem_reads_as_one_line() -> None:
    """File, key and sentence stand in this order; a problem of the whole file has no key."""
    assert str(Problem("a.toml", "x.y", "expected text")) == "a.toml: x.y: expected text"
    assert str(Problem("a.toml", "", "TOML was expected")) == "a.toml: TOML was expected"


def test_problems_sort_by_file_and_key() -> None:
    """A sorted list tells the problems of one file together."""
    first, second, third = Problem("a", "x", "1"), Problem("a", "y", "0"), Problem("b", "a", "0")
    assert sorted([third, second, first]) == [first, second, third]
