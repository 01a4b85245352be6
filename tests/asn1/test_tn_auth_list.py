"""Lists of telephone numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.asn1 import der
from emca_daemon.asn1.tn_auth_list import MAXIMUM_SIZE, read_tn_auth_list
from emca_daemon.errors import Reason, Refused


def ia5(text: str) -> bytes:
    """An IA5String."""
    return der.tlv(0x16, text.encode("latin-1"))


def spc(code: str) -> bytes:
    """A service provider code."""
    return der.explicit(0, ia5(code))


def numbers(first: str, count: int) -> bytes:
    """A range of numbers."""
    return der.explicit(1, der.sequence(ia5(first), der.integer(count)))


def one(number: str) -> bytes:
    """A number."""
    return der.explicit(2, ia5(number))


def test_entries_of_every_kind() -> None:
    """In order, as text."""
    encoded = der.sequence(spc("709J"), numbers("12155550100", 100), one("*31#"))
    assert read_tn_auth_list(encoded) == ("spc 709J", "range 12155550100 100", "one *31#")


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"\x30",
        der.sequence(),
        der.tlv(0x31, spc("1")),
        der.sequence(spc("1")) + b"\0",
        b"\x30\x80" + spc("1") + b"\0\0",
        der.sequence(spc("")),
        der.sequence(spc("a\n")),
        der.sequence(spc("\xe9")),
        der.sequence(der.explicit(0, der.tlv(0x0C, b"1"))),
        der.sequence(der.explicit(3, ia5("1"))),
        der.sequence(ia5("1")),
        der.sequence(der.explicit(0, ia5("1") + ia5("2"))),
        der.sequence(one("")),
        der.sequence(one("+1")),
        der.sequence(one("1" * 16)),
        der.sequence(der.explicit(2, der.integer(1))),
        der.sequence(numbers("1", 1)),
        der.sequence(numbers("1", -5)),
        der.sequence(numbers("1", 1 << 70)),
        der.sequence(numbers("x", 2)),
        der.sequence(der.explicit(1, der.sequence(ia5("1")))),
        der.sequence(der.explicit(1, der.sequence(ia5("1"), ia5("2")))),
        der.sequence(der.explicit(1, ia5("1"))),
        der.sequence(*[one("123456789012345")] * (MAXIMUM_SIZE // 15)),
    ],
)
def test_what_is_no_list_is_refused(encoded: bytes) -> None:
    """Malformed."""
    with pytest.raises(Refused) as refused:
        read_tn_auth_list(encoded)
    assert refused.value.reason is Reason.MALFORMED


@given(st.binary(max_size=100))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    """As a list, and as an entry of one."""
    for encoded in (octets, der.sequence(octets), der.sequence(der.explicit(1, octets))):
        try:
            assert read_tn_auth_list(encoded)
        except Refused as refused:
            assert refused.reason is Reason.MALFORMED  # noqa: PT017


@given(st.lists(st.integers(2, 10**6), min_size=1, max_size=5))
def test_counts_are_read_as_they_were_written(counts: list[int]) -> None:
    """Every range."""
    encoded = der.sequence(*(numbers("1", count) for count in counts))
    assert read_tn_auth_list(encoded) == tuple(f"range 1 {count}" for count in counts)
