"""Reading mail from strangers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.errors import Refused
from emca_daemon.protocols.acme.mail_reading import (
    MAX_HEADER,
    Fields,
    addresses,
    decoded,
    plain_text,
    read_mail,
    single_address,
)

PART = b"Content-Type: text/html\n\n<p>no</p>\n--b\nContent-Type: text/plain\n\nyes\n--b--\n"


def text_of(raw: bytes) -> str:
    """The plain text of a mail."""
    return plain_text(*read_mail(raw))


def test_fields_are_unfolded() -> None:
    """Names lose their case, folded lines become one, the body begins behind the first empty line."""
    fields, body = read_mail(b"SUBJECT: one\r\n two\r\nX: y\r\n\r\nbody\r\n\r\nmore")
    assert fields.fields == (("subject", "one two"), ("x", "y"))
    assert body == b"body\n\nmore"


@pytest.mark.parametrize(
    "raw",
    [
        b"no field\n\n",
        b" folded first\n\n",
        b"X: " + b"y" * MAX_HEADER + b"\n\n",
        b"X: y\n" * 300 + b"\n",
    ],
)
def test_odd_headers_are_refused(raw: bytes) -> None:
    """What is no header, or too big a one."""
    with pytest.raises(Refused):
        read_mail(raw)


@pytest.mark.parametrize("fields", [(), (("from", "a"), ("from", "b"))])
def test_a_field_must_be_there_once(fields: tuple[tuple[str, str], ...]) -> None:
    """Two From fields would let each reader see another one."""
    with pytest.raises(Refused):
        Fields(fields).one("from")


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("alice@EXAMPLE.com", "alice@example.com"),
        ("Alice <alice@example.com>", "alice@example.com"),
        ('"Li, Alice" <Alice@example.com>', "Alice@example.com"),
        ("=?utf-8?q?Al=C3=ADce?= <alice@example.com>", "alice@example.com"),
    ],
)
def test_one_address(value: str, address: str) -> None:
    """With or without a name."""
    assert single_address(value) == address


@pytest.mark.parametrize(
    "value",
    [
        *("", "alice", "a@b.example, c@d.example", "A <a@b.example>, B <c@d.example>", "a@b@c.example"),
        *("<a@b.example> <c@d.example>", "a@b.example (c@d.example)", "group: a@b.example;", "a b@c.example"),
        *("alice@example.com <mallory@evil.example", "x" * 2000 + "@b.example"),
    ],
)
def test_anything_but_one_address_is_refused(value: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(Refused):
        single_address(value)


def test_encoded_words() -> None:
    """As mail programs write a subject that is not ASCII; what cannot be read stays as it is."""
    assert decoded("=?utf-8?q?R=C3=A9p=3A_ACME=3A?= abc") == "Rép: ACME: abc"
    assert decoded("=?utf-8?b?A?= x") == "=?utf-8?b?A?= x"
    assert decoded("=?no-such?q?abc?=") == "=?no-such?q?abc?="


def test_addresses_anywhere() -> None:
    """In To any of several counts."""
    assert addresses(["A <a@b.Example>, c@d.example", "none"]) == {"a@b.example", "c@d.example"}


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"X: y\n\nyes", "yes"),
        (b"Content-Type: text/plain; charset=utf-8\n\n\xc3\xa9", "é"),
        (b"Content-Type: text/plain; charset=made-up\n\nyes", "yes"),
        (b"Content-Transfer-Encoding: base64\n\neWVz\n", "yes"),
        (b"Content-Transfer-Encoding: Quoted-Printable\n\nye=\ns=21", "yes!"),
        (b'Content-Type: multipart/alternative; boundary="b"\n\npre\n--b\n' + PART, "yes"),
        (b"Content-Type: multipart/signed; boundary=b\n\n--b\nX: y\n\nyes\n--b\n\nsignature\n--b--", "yes"),
    ],
)
def test_the_plain_text(raw: bytes, text: str) -> None:
    """Of a simple mail, and of the first part that has some."""
    assert text_of(raw) == text


NESTED = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: text/html\n\n<p>yes</p>",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\nno\n--b--",
        b"Content-Type: multipart/mixed\n\n--b\n\nyes\n--b--",
        b"Content-Transfer-Encoding: base64\n\nA",
        b"Content-Transfer-Encoding: uuencode\n\nyes",
        NESTED * 50 + b"\nyes",
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\nContent-Type: text/html\n\n\n" * 30 + b"--b\n\nyes",
    ],
)
def test_mails_without_plain_text_are_refused(raw: bytes) -> None:
    """HTML alone, odd encodings, too many parts, parts in parts in parts."""
    with pytest.raises(Refused):
        text_of(raw)


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: b"Content-Type: " + text.encode() + b"\n\nx"))
def test_any_octets_are_read_or_refused(raw: bytes) -> None:
    """No mail is a bug."""
    try:
        fields, body = read_mail(raw)
        decoded(" ".join(value for _, value in fields.fields))
        single_address(fields.one("from") if fields.all("from") else raw.decode("latin-1"))
        assert isinstance(plain_text(fields, body), str)
    except Refused:
        pass
