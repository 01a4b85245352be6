"""Request targets and the heads of responses."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.errors import Refused
from emca_daemon.listeners.wire import Heads, split_target, text
from emca_daemon.protocols.http import Response


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/", "/", ""),
        (b"/a%2Fb//c/.?", "/a%2Fb//c/.", ""),
        (b"/a?b?c=/d", "/a", "b?c=/d"),
        (b"http://host:80/a?b", "/a", "b"),
        (b"HTTPS://[::1]/a", "/a", ""),
        (b"*", "*", ""),
        (b"//evil.example/a", "//evil.example/a", ""),
    ],
)
def test_targets_are_split_and_nothing_else(target: bytes, path: str, query: str) -> None:
    """The first `?` ends the path."""
    assert split_target(target) == (path, query)


@pytest.mark.parametrize(
    "target", [b"", b"a", b"host:443", b"/a#b", b"/a b", b"/\xe9", b"/a\x00", b"ftp://h/a", b"/a?b#"]
)
def test_other_targets_are_refused(target: bytes) -> None:
    """Malformed, not guessed at."""
    with pytest.raises(Refused):
        split_target(target)


@given(st.binary(max_size=50))
def test_any_bytes_are_a_target_or_refused(target: bytes) -> None:
    """And a target that is read stays what it was."""
    try:
        path, query = split_target(target)
    except Refused:
        return
    assert target.endswith((f"{path}?{query}" if b"?" in target else path).encode())


class Time:
    """A clock that can be set."""

    def __init__(self) -> None:
        """At the turn of the year."""
        self.now = datetime(2029, 12, 31, 23, 59, 59, 900_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        """What it shows."""
        return self.now


def test_the_date_moves_on() -> None:
    """It is written anew when the second changes."""
    time = Time()
    heads = Heads(time)
    assert b"Date: Mon, 31 Dec 2029 23:59:59 GMT\r\n" in heads.write(Response(200), close=False)
    time.now = datetime(2030, 1, 1, 0, 0, 0, tzinfo=UTC)
    assert b"Date: Tue, 01 Jan 2030 00:00:00 GMT\r\n" in heads.write(Response(200), close=False)


def test_the_connection_field_is_written_where_asked() -> None:
    """`close` wins."""
    heads = Heads(Time())
    assert b"Connection" not in heads.write(Response(200), close=False)
    assert b"Connection: close" in heads.write(Response(200), close=True, keep_alive=True)
    assert b"Connection: keep-alive" in heads.write(Response(200), close=False, keep_alive=True)


@pytest.mark.parametrize("header", [("a b", "c"), ("", "c"), ("a", "b\nc"), ("a", "b\rc"), ("a", "b\x00"), ("a", "€")])
def test_fields_that_could_end_early_are_not_written(header: tuple[str, str]) -> None:
    """ValueError: it is a bug of the responder."""
    with pytest.raises(ValueError, match=r".*"):
        Heads(Time()).write(Response(200, b"", (header,)), close=False)


def test_short_texts_have_words_for_their_status() -> None:
    """Unless they bring their own."""
    assert text(404).body == b"Not Found\n"
    assert text(500, "internal error 1").body == b"internal error 1\n"
