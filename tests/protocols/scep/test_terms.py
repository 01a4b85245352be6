"""Tests of emca_daemon.protocols.scep.terms."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType, SubjectAttribute
from emca_daemon.protocols.scep.terms import MOST_NAMES, read_lifetime, read_names, read_subject


def test_a_lifetime_is_a_duration() -> None:
    """None stays none."""
    assert read_lifetime("1d12h") == timedelta(hours=36)
    assert read_lifetime(None) is None


def test_a_subject_is_in_encoding_order() -> None:
    """RFC 4514 writes it the other way round; every type that we know has a name."""
    wanted = (SubjectAttribute("2.5.4.10", "Example"), SubjectAttribute("2.5.4.5", "SN-1"))
    assert read_subject("serialNumber=SN-1,O=Example") == wanted
    assert read_subject("2.5.4.5=SN-1,organizationName=Example") == wanted
    assert read_subject("") == ()
    assert read_subject(None) is None


def test_names_are_canonical() -> None:
    """So that they equal what requests ask for."""
    assert read_names(["dns:Host.Example", "ip:2001:DB8::1", "email:A@B.Example"]) == {
        AlternativeName(NameType.DNS, "host.example"),
        AlternativeName(NameType.IP, "2001:db8::1"),
        AlternativeName(NameType.EMAIL, "A@b.example"),
    }
    assert read_names([]) == frozenset()


@pytest.mark.parametrize("text", ["host.example", "dns", "ip:x", "host:a", "ip:", "directory:x"])
def test_what_is_no_name_is_refused(text: str) -> None:
    """With the text that it was."""
    with pytest.raises(Refused, match=text) as caught:
        read_names([text])
    assert caught.value.reason is Reason.MALFORMED


def test_there_are_not_too_many_names() -> None:
    """A request that has more is refused anyway."""
    with pytest.raises(Refused):
        read_names(["dns:a.example"] * (MOST_NAMES + 1))


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing else happens."""
    for read in (read_lifetime, read_subject, lambda text: read_names([text, f"dns:{text}", f"directory:{text}"])):
        with suppress(Refused):
            read(text)
