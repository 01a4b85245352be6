"""The settings of ACME endpoints."""

from datetime import timedelta

import pytest

from emca_daemon.names import ProfileName
from emca_daemon.problems import Problem
from emca_daemon.settings.acme import AcmeLimitsSettings, AcmeProfileSettings, AcmeSettings, Rate
from emca_daemon.toml_reading import read_dataclass


def test_rates_are_a_number_and_a_duration() -> None:
    """Nothing else is one."""
    assert Rate.parse("300/3h") == Rate(300, timedelta(hours=3))
    for text in ("", "300", "/3h", "x/3h", "0/3h", "-1/3h", "1000001/3h", "5/0s", "5/x"):
        with pytest.raises(ValueError, match="such as"):
            Rate.parse(text)


def test_rates_are_read_from_a_file() -> None:
    """Overrides by their subject."""
    problems: list[Problem] = []
    table = {"orders_per_account": "2/1m", "overrides": {"10.0.0.0/8": "9/1s"}}
    read = read_dataclass(AcmeLimitsSettings, table, "f", "", problems)
    wanted = AcmeLimitsSettings(
        orders_per_account=Rate(2, timedelta(minutes=1)), overrides={"10.0.0.0/8": Rate(9, timedelta(seconds=1))}
    )
    assert (read, problems) == (wanted, [])


def test_every_profile_of_an_endpoint() -> None:
    """Its own and those that orders may ask for."""
    short = AcmeProfileSettings(profile=ProfileName("short"), description="x")
    settings = AcmeSettings(base_url="https://ca/acme", profile=ProfileName("tls"), profiles={"s": short, "t": short})
    assert settings.every_profile == {"tls", "short"}
    assert [settings.profile_of(asked) for asked in ("s", "gone", None)] == ["short", "tls", "tls"]
