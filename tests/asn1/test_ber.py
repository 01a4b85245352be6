"""Tests of emca_daemon.asn1.ber."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.asn1 import ber, der
from emca_daemon.errors import Reason, Refused


def refused(data: bytes, **bounds: int) -> Reason:
    """Why these octets are refused."""
    with pytest.raises(Refused) as caught:
        ber.to_der(data, **bounds)
    return caught.value.reason


@pytest.mark.parametrize(
    ("sent", "normal"),
    [
        ("0500", "0500"),
        ("30800500" + "0000", "30020500"),
        ("308030800500000005000000", "300630020500" + "0500"),
        ("24800402616204016300" + "00", "0403616263"),
        ("2480" + "2405" + "0403616263" + "040164" + "0000", "040461626364"),
        ("2409" + "0403070102" + "04020304", "04050701020304"),
        ("2308" + "03020001" + "03020402", "0303040102"),
        ("2300", "030100"),
        ("2c04" + "0c026162", "0c026162"),
        ("2c04" + "04026162", "0c026162"),
        ("04820002abcd", "0402abcd"),
        ("a080" + "800161" + "0000", "a003800161"),
        ("7f8201" + "80" + "0500" + "0000", "7f8201" + "020500"),
        ("9f2101ff", "9f2101ff"),
    ],
)
def test_lengths_and_pieces_are_made_whole(sent: str, normal: str) -> None:
    """Indefinite lengths, long lengths and strings in pieces, at any depth."""
    assert ber.to_der(bytes.fromhex(sent)).hex() == normal


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "05",
        "0501",
        "0080",
        "0480",
        "04ff",
        "0483ffff",
        "3080",
        "30800500",
        "308005000000ff",
        "30020500ff",
        "3003050000",
        "1f80",
        "1f8080808080010100",
        "30030402aa",
        "2403020101",
        "2308" + "03020401" + "03020002",
        "2302" + "0300",
    ],
)
def test_what_is_no_value_is_refused(sent: str) -> None:
    """Cut off, followed by more, without an end, pieces that are none."""
    assert refused(bytes.fromhex(sent)) is Reason.MALFORMED


def test_size_and_depth_are_bounded() -> None:
    """Neither a long message nor a deep one is read to its end."""
    assert refused(der.octet_string(bytes(100)), max_size=100) is Reason.MALFORMED
    assert refused(b"\x30\x80" * 1000) is Reason.MALFORMED
    nested = b"\x05\x00"
    for _ in range(5):
        nested = der.sequence(nested)
    assert ber.to_der(nested, max_depth=5) == nested
    assert refused(nested, max_depth=4) is Reason.MALFORMED


@given(st.binary(max_size=300))
def test_any_octets_give_der_or_a_refusal(data: bytes) -> None:
    """Nothing but a refusal is raised, and DER stays what it is."""
    try:
        normal = ber.to_der(data)
    except Refused:
        return
    assert ber.to_der(normal) == normal


def indefinite(value: bytes) -> bytes:
    """The same value with indefinite lengths all through."""
    if not value[0] & 0x20:
        return value
    inside = ber.element(value).content
    return value[:1] + b"\x80" + b"".join(indefinite(part.encoded) for part in ber.elements(inside)) + b"\0\0"


values = st.recursive(
    st.binary(max_size=200).map(der.octet_string),
    lambda inner: st.lists(inner, max_size=4).map(lambda parts: der.sequence(*parts)),
    max_leaves=20,
)


@given(values)
def test_the_form_sent_does_not_matter(value: bytes) -> None:
    """Definite or not, what comes out is the same."""
    assert ber.to_der(indefinite(value)) == ber.to_der(value) == value


def test_elements_come_one_after_the_other() -> None:
    """Tag, content and the whole of each."""
    found = ber.elements(bytes.fromhex("0201050500"))
    assert [(part.tag, part.content.hex(), part.encoded.hex()) for part in found] == [
        (2, "05", "020105"),
        (5, "", "0500"),
    ]
    assert ber.element(b"\x05\x00").tag == 5


@pytest.mark.parametrize("content", ["0201", "1f0100", "0580", "050005", "05000500050005000500"])
def test_elements_that_do_not_fit_are_refused(content: str) -> None:
    """Cut off, with a long tag, without a length, or too many."""
    with pytest.raises(Refused) as caught:
        ber.elements(bytes.fromhex(content), 4)
    assert caught.value.reason is Reason.MALFORMED


def test_one_element_is_one() -> None:
    """Neither none nor two."""
    for content in (b"", b"\x05\x00\x05\x00"):
        with pytest.raises(Refused):
            ber.element(content)
