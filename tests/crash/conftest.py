"""How often the crash tests kill."""

import pytest

KILLS = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--kills=100` is the long form."""
    parser.addoption("--kills", type=int, default=KILLS, help="how often the crash tests kill the daemon")


@pytest.fixture
def kills(pytestconfig: pytest.Config) -> int:
    """How often to kill; this file is read too late for the option when no path is given to pytest."""
    return int(pytestconfig.getoption("--kills", default=KILLS))
