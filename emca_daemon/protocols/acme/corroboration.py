"""Whether enough perspectives see what the primary saw (multi-perspective issuance corroboration).

The numbers are those of the Baseline Requirements 3.2.2.9: with up to five remote perspectives one may differ, with
six and more two may; a single one must agree.
"""

from collections.abc import Mapping

from emca_daemon.protocols.acme.errors import Problem

_MANY = 6


def usual_quorum(perspectives: int) -> int:
    """How many of so many remote perspectives must agree."""
    if perspectives < 2:
        return perspectives
    return perspectives - (2 if perspectives >= _MANY else 1)


def unreachable(name: str) -> Problem:
    """What stands for a perspective that did not answer; the client is not told why."""
    return Problem("serverInternal", f"the perspective {name} could not be asked", 500)


def disagreement(found: Mapping[str, Problem | None], quorum: int) -> Problem | None:
    """None when enough perspectives found no problem; else a problem with a subproblem for each that did.

    Its type is that of what the perspectives found, whichever came first; only where none of them could be asked it is
    serverInternal.
    """
    against = {name: problem for name, problem in found.items() if problem is not None}
    agreeing = len(found) - len(against)
    if agreeing >= quorum:
        return None
    weighty = [problem for problem in against.values() if problem.type != "serverInternal"] or [*against.values()]
    first = weighty[0]
    count = f"{agreeing} of {len(found)} perspectives confirm it, {quorum} must"
    detail = f"during secondary validation: {count}; {first.detail}"
    subproblems = tuple(
        Problem(problem.type, f"perspective {name}: {problem.detail}", problem.status)
        for name, problem in against.items()
    )
    return Problem(first.type, detail, first.status, subproblems=subproblems)


def account_of(found: Mapping[str, Problem | None]) -> str:
    """One line for the audit: every perspective and what it found."""
    return ", ".join(f"{name}: {'ok' if problem is None else problem.type}" for name, problem in found.items())
