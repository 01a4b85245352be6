"""Whom a refused login wanted to be."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.protocols.est.tried_names import LONGEST, tried_name


def basic(text: bytes) -> str:
    """The field of HTTP Basic with any octets."""
    return "Basic " + b64encode(text).decode()


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (basic(b"alice:secret"), "alice"),
        (basic("Zoë:a:b".encode()), "Zoë"),
        (basic(b"a\r\nb\0\x1b[2J:x"), "a\\r\\nb\\x00\\x1b[2J"),
        (basic(b"\xff:x"), "\\xff"),
        (basic(b"x" * 1000 + b":x"), "x" * LONGEST),
        (basic(b"\n" * 1000 + b":x"), ("\\n" * LONGEST)[:LONGEST]),
        ('Digest username="bob", realm="est"', "bob"),
        ('digest realm="est", username=bob', "bob"),
        ("Digest username=" + '"' + "Zoë".encode().decode("latin-1") + '"', "Zoë"),
    ],
)
def test_basic_and_digest_name_a_user(field: str, name: str) -> None:
    """Cut short, and harmless to print."""
    assert tried_name(field) == name


@pytest.mark.parametrize(
    "field",
    ["", "Basic", "Basic !", "Basic Ä", basic(b"secret"), "Digest", 'Digest realm="est"', "Digest =", "Bearer alice:x"],
)
def test_others_name_nobody(field: str) -> None:
    """What cannot be read might be a secret: none of it is shown."""
    assert tried_name(field) == ""


@given(st.binary(), st.text())
def test_any_field_is_harmless(octets: bytes, text: str) -> None:
    """Printable and short, or nothing."""
    for field in (basic(octets), f"Basic {text}", f'Digest username="{text}"', text):
        name = tried_name(field)
        assert len(name) <= LONGEST
        assert not name or name.isprintable()
