"""The settings of chaos."""

from datetime import timedelta

import pytest

from emca_daemon.problems import Problem
from emca_daemon.settings.chaos import ChaosSettings
from emca_daemon.toml_reading import read_dataclass


def test_nothing_is_out_of_order_unless_told() -> None:
    """The defaults change nothing; any switch does."""
    assert not ChaosSettings().at_work
    assert ChaosSettings(moved_resources=True).at_work


@pytest.mark.parametrize(
    ("key", "value"),
    [("bad_nonces", 1.5), ("unavailable", -0.1), ("slow_orders", "2m"), ("slow_validations", "1h"), ("retry_after", 1)],
)
def test_bounds(key: str, value: object) -> None:
    """A share is one, a wait is short."""
    problems: list[Problem] = []
    assert read_dataclass(ChaosSettings, {key: value}, "emca.toml", "chaos", problems) is None
    assert [problem.key for problem in problems] == [f"chaos.{key}"]


def test_good_values() -> None:
    """Whole numbers are shares too."""
    table = {"bad_nonces": 1, "slow_orders": "60s"}
    read = read_dataclass(ChaosSettings, table, "emca.toml", "chaos", [])
    assert read == ChaosSettings(bad_nonces=1.0, slow_orders=timedelta(minutes=1))
