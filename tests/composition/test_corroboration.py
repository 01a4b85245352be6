"""The perspectives of an endpoint, as its settings have them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from emca_daemon.composition.corroboration import corroborated_caa, eyes, quorum
from emca_daemon.errors import Refused
from emca_daemon.names import ProfileName
from emca_daemon.settings.acme import AcmeSettings
from emca_daemon.settings.corroboration import AcmePerspectiveSettings, AcmePerspectivesSettings
from tests.support.perspectives import self_signed


def endpoint(folder: Path, **changes: Any) -> AcmeSettings:
    """An endpoint with two perspectives."""
    own, key = self_signed(folder, "own")
    remotes = {
        name: AcmePerspectiveSettings(address=f"https://{name}.example:8555", certificate=own)
        for name in ("east", "west")
    }
    perspectives = AcmePerspectivesSettings(certificate=own, key=key, remotes=remotes)
    return AcmeSettings(
        base_url="https://ca.example/acme", profile=ProfileName("server"), perspectives=replace(perspectives, **changes)
    )


def test_every_perspective_is_looked_through(tmp_path: Path) -> None:
    """All but one must agree unless the settings say otherwise."""
    settings = endpoint(tmp_path)
    assert list(eyes(Clock(), settings)) == ["east", "west"]
    assert (quorum(settings), quorum(endpoint(tmp_path, quorum=2))) == (1, 2)
    noted: list[tuple[str, str, str]] = []
    check = corroborated_caa(Clock(), "main", settings, object(), lambda *one: noted.append(one))  # type: ignore[arg-type]
    check._note("east", "ok")
    assert noted == [("main", "east", "ok")]


def test_nothing_starts_without_a_certificate_of_ones_own(tmp_path: Path) -> None:
    """The settings were checked before, but too much hangs on it."""
    with pytest.raises(Refused):
        eyes(Clock(), endpoint(tmp_path, certificate=None))
