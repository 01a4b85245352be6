"""How commands name certificates and reasons."""

from pathlib import Path

import pytest

from emca_daemon.ca.records import RevocationReason
from emca_daemon.cli.certificates import read_certificates, reason_of, status_word
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import SerialNumber
from tests.support.ca_world import ISSUING, World
from tests.support.cli_world import issue, with_issuers


@pytest.mark.parametrize("text", ["keyCompromise", "key-compromise", "KEY_COMPROMISE", "1"])
def test_a_reason_may_be_written_in_every_usual_way(text: str) -> None:
    """RFC spelling, dashes, underscores, its number."""
    assert reason_of(text) is RevocationReason.KEY_COMPROMISE


def test_a_file_without_a_certificate_is_refused(tmp_path: Path) -> None:
    """Neither PEM nor DER."""
    file = tmp_path / "x"
    file.write_bytes(b"nothing")
    with pytest.raises(Refused) as refused:
        read_certificates(file)
    assert refused.value.reason is Reason.MALFORMED


def test_a_status_is_one_word() -> None:
    """Valid, expired, and what revocation makes of it."""
    world = World().with_issuers()
    with world.store.reading() as tx:
        serial = SerialNumber(world.authorities.get(ISSUING, tx).certificate.serial_number)
        record = tx.certificates.find(world.authorities.get(ISSUING, tx).record.parent or ISSUING, serial)
    assert record
    assert status_word(record, world.clock()) == "valid"
    world.clock.advance(days=9000)
    assert status_word(record, world.clock()) == "expired"


def test_a_file_names_the_certificate_in_it(tmp_path: Path) -> None:
    """DER too."""
    commands = with_issuers(tmp_path)
    serial = issue(commands, "a.example.test")
    file = tmp_path / "leaf.der"
    commands.run("cert", "export", serial, "--format", "der", "--out", str(file))
    assert commands.record("cert", "show", str(file))["serial"] == serial
