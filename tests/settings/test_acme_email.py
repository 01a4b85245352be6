"""The settings of challenges by mail."""

import pytest

from emca_daemon.problems import Problem
from emca_daemon.settings.acme_email import AcmeEmailSettings
from emca_daemon.toml_reading import read_dataclass


def test_mails_go_out_encrypted_and_answers_come_from_here() -> None:
    """Unless the settings say otherwise."""
    settings = AcmeEmailSettings()
    assert (settings.relay_tls, settings.dmarc) == ("starttls", "required")
    assert (settings.listen_address, settings.peers) == ("127.0.0.1", ("127.0.0.0/8", "::1/128"))


@pytest.mark.parametrize(
    "table",
    [{"relay_tls": "maybe"}, {"dmarc": "no"}, {"max_message": 1}, {"connections": 0}, {"relay_port": 0}],
)
def test_values_have_bounds(table: dict[str, object]) -> None:
    """Each by itself."""
    problems: list[Problem] = []
    assert read_dataclass(AcmeEmailSettings, table, "emca.toml", "", problems) is None
    assert problems
