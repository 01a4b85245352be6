"""Tests of emca_daemon.settings.scep_outside."""

from pathlib import Path

import pytest

from emca_daemon.problems import Problem
from emca_daemon.settings.scep import ScepSettings
from emca_daemon.settings.scep_outside import is_outside_url
from emca_daemon.toml_reading import read_dataclass

WEBHOOK = {"url": "https://decider.example/scep", "secret_file": "secret"}
INTUNE = {"tenant": "contoso", "application": "app", "secret_file": "secret"}


def problems(policy: str, **tables: object) -> list[str]:
    """The keys that are wrong."""
    found: list[Problem] = []
    table = {"profile": "device", "challenge": {"policy": policy}, **tables}
    read_dataclass(ScepSettings, table, "emca.toml", "scep.one", found)
    return [one.key for one in found]


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example",
        "https://a.example:8443/x/y",
        "http://127.0.0.1:80/",
        "http://localhost/",
        "http://[::1]:8/x",
    ],
)
def test_addresses_are_https_or_of_this_machine(url: str) -> None:
    """With a port and a path, if need be."""
    assert is_outside_url(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/",
        "ftp://a.example/",
        "https://",
        "https://user:secret@a.example/",
        "https://a.example/?a=b",
        "https://a.example/#x",
        "https://a.example:99999/",
        "https://a.example:0/",
        "https://[::1/",
        "https://a.example/a b",
        "https://ä.example/",
        "a.example",
        "",
    ],
)
def test_other_addresses_are_told(url: str) -> None:
    """Secrets would go over them."""
    assert is_outside_url(url) is not None


def test_a_policy_has_what_it_asks_with() -> None:
    """And no other policy has it."""
    assert problems("webhook", webhook=WEBHOOK) == []
    assert problems("webhook", webhook={"url": WEBHOOK["url"], "token_file": "token"}) == []
    assert problems("webhook") == ["scep.one.webhook.url"]
    assert problems("none", webhook=WEBHOOK) == ["scep.one.webhook.url"]
    assert problems("webhook", webhook={"url": WEBHOOK["url"]}) == ["scep.one.webhook.secret_file"]
    assert problems("webhook", webhook={**WEBHOOK, "token_file": "token"}) == ["scep.one.webhook.secret_file"]
    assert problems("webhook", webhook={**WEBHOOK, "url": "http://a.example"}) == ["scep.one.webhook.url"]
    assert problems("intune", intune=INTUNE) == []
    for name in INTUNE:
        rest = {key: value for key, value in INTUNE.items() if key != name}
        assert problems("intune", intune=rest) == ["scep.one.intune"]
    assert problems("intune", intune={**INTUNE, "location_hosts": []}) == ["scep.one.intune.location_hosts"]
    assert problems("none", calls={"timeout": "61s"}) == ["scep.one.calls.timeout"]


def test_jamf_is_given_one_time_challenges() -> None:
    """No others are made."""
    assert problems("one-time", jamf={"enabled": True}) == []
    assert problems("device", jamf={"enabled": True}) == ["scep.one.jamf.enabled"]


def test_the_secrets_are_known_by_their_keys() -> None:
    """For the check that they are there."""
    found: list[Problem] = []
    table = {"profile": "device", "challenge": {"policy": "intune"}, "intune": INTUNE}
    settings = read_dataclass(ScepSettings, table, "/etc/emca.toml", "", found)
    assert settings is not None
    assert settings.asks
    assert settings.outside_files == (("intune.secret_file", Path("/etc/secret")),)
