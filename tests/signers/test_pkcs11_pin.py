"""Tests of PINs in files."""

from pathlib import Path

import pytest

from emca_daemon.errors import Reason, Refused
from emca_daemon.signers.pkcs11_pin import PinFile


def test_the_pin_is_read_each_time(tmp_path: Path) -> None:
    """Without the newline."""
    path = tmp_path / "pin"
    pin = PinFile("hsm", path)
    path.write_text("1234\n", encoding="utf-8")
    assert pin.read() == "1234"
    path.write_text("pässword", encoding="utf-8")
    assert pin.read() == "pässword"


def test_a_refused_pin_is_not_read_again(tmp_path: Path) -> None:
    """Until the file has another one; neither the refusal nor the object shows it."""
    path = tmp_path / "pin"
    path.write_text("87654321", encoding="utf-8")
    pin = PinFile("hsm", path)
    pin.refuse(pin.read())
    with pytest.raises(Refused, match="change the file") as refusal:
        pin.read()
    assert refusal.value.reason is Reason.UNAVAILABLE
    assert "87654321" not in str(refusal.value) + repr(vars(pin))
    path.write_text("12345678", encoding="utf-8")
    assert pin.read() == "12345678"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe12"])
def test_unreadable_pins_are_unavailable(tmp_path: Path, content: bytes) -> None:
    """Nothing, or octets that are no text; they are not shown."""
    path = tmp_path / "pin"
    path.write_bytes(content)
    with pytest.raises(Refused) as refusal:
        PinFile("hsm", path).read()
    assert refusal.value.reason is Reason.UNAVAILABLE
    assert refusal.value.__cause__ is None
    assert "xff" not in str(refusal.value)
