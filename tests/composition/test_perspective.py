"""A perspective as a process; that it answers is shown by the interoperability tests."""

from pathlib import Path

import pytest

from emca_daemon.composition.perspective import run_perspective
from emca_daemon.errors import Refused
from emca_daemon.settings.perspective import PerspectiveSettings


def test_an_address_of_another_machine_is_refused(tmp_path: Path) -> None:
    """Before anything else is begun."""
    own, key, primary = (tmp_path / name for name in ("own.pem", "own.key", "primary.pem"))
    settings = PerspectiveSettings(address="192.0.2.1", port=1, certificate=own, key=key, primaries=(primary,))
    with pytest.raises(Refused):
        run_perspective(settings)
