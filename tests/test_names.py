"""Names of the day."""

from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.names import AlternativeName, NameType, serial_text


def test_an_alternative_name_shows_its_type() -> None:
    """`dns:` and `ip:` keep apart what might look the same."""
    assert str(AlternativeName(NameType.DNS, "a.test")) == "dns:a.test"
    assert str(AlternativeName(NameType.REGISTERED_ID, "1.2.3")) == "registered-id:1.2.3"


@given(st.integers(min_value=1, max_value=2**159 - 1))
def test_a_serial_number_is_written_in_whole_octets(serial: int) -> None:
    """Lower-case hexadecimal that reads back as the same number."""
    text = serial_text(serial)
    assert bytes.fromhex(text) == serial.to_bytes((serial.bit_length() + 7) // 8, "big")
    assert text == text.lower()
