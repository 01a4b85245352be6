"""Tests of emca_daemon.settings.scep_provisioning."""

from pathlib import Path

import pytest

from emca_daemon.settings.scep_provisioning import ScepUsersSettings


@pytest.mark.parametrize(
    ("users", "wrong"),
    [
        (ScepUsersSettings(), []),
        (ScepUsersSettings(methods=("bearer",), tokens=Path("tokens")), []),
        (ScepUsersSettings(methods=("basic", "bearer")), ["tokens"]),
        (ScepUsersSettings(tokens=Path("tokens")), ["tokens"]),
    ],
)
def test_bearers_need_their_tokens(users: ScepUsersSettings, wrong: list[str]) -> None:
    """And nobody else does."""
    assert [key for key, _ in users.contradictions()] == wrong
