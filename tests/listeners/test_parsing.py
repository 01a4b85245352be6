"""Requests out of bytes, without a connection."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emca_daemon.listeners.parsing import Incoming, RequestReader, Stage, Unreadable


def read(*pieces: bytes, limit: int = 50) -> list[Incoming]:
    """What a reader makes of these bytes."""
    found: list[Incoming] = []
    reader = RequestReader(lambda _: limit, 500, lambda: None)
    for piece in pieces:
        reader.feed(piece, found.append)
    reader.close()
    return found


STATUSES = (200, 400, 405, 413, 431, 501)


def status_of(*pieces: bytes) -> int:
    """200 for what can be read, else the status of the refusal."""
    try:
        read(*pieces)
    except Unreadable as refusal:
        return refusal.status
    return 200


WHOLE = b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-Y:  z \r\nContent-Length: 3\r\n\r\nabc"


def test_a_request_is_taken_apart() -> None:
    """Method, target, fields, body, and what the client wants of the connection."""
    assert read(WHOLE) == [
        Incoming(
            "POST",
            "/a",
            "b=c",
            (("host", "x"), ("x-y", "z"), ("content-length", "3")),
            b"abc",
            keep_alive=True,
            old=False,
        )
    ]


@pytest.mark.parametrize("cut", range(1, len(WHOLE)))
def test_every_cut_gives_the_same(cut: int) -> None:
    """Where the network cuts does not matter."""
    assert read(WHOLE[:cut], WHOLE[cut:]) == read(WHOLE)


def test_stages_follow_the_request() -> None:
    """Between, head, body, between again; requests are counted."""
    reader = RequestReader(lambda _: 50, 500, lambda: None)
    stages = []
    for piece in (b"POST / HTTP/1.1\r\n", b"Host: x\r\nContent-Length: 2\r\n\r\n", b"a", b"b"):
        reader.feed(piece, lambda _: None)
        stages.append((reader.stage, reader.count))
    assert stages == [(Stage.HEAD, 1), (Stage.BODY, 1), (Stage.BODY, 1), (Stage.BETWEEN, 1)]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        (b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"GET x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (
            b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            501,
        ),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 51\r\n\r\n", 413),
        (b"GET /" + b"a" * 501 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01", 501),
    ],
)
def test_refusals_have_their_status(data: bytes, status: int) -> None:
    """The most telling one."""
    with pytest.raises(Unreadable) as refusal:
        read(data)
    assert refusal.value.status in (status, 400 if status == 501 else status)


def test_a_single_field_without_end_is_refused() -> None:
    """Though httptools would collect it for ever."""
    with pytest.raises(Unreadable) as refusal:
        read(b"GET / HTTP/1.1\r\nX: ", *[b"a" * 100] * 6)
    assert refusal.value.status == 431


def test_chunk_extensions_and_trailers_without_end_are_refused() -> None:
    """Neither counts as body, both are bounded."""
    start = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    for endless in (b"1;x=", b"0\r\nX: "):
        with pytest.raises(Unreadable) as refusal:
            read(start, endless, *[b"a" * 100] * 10)
        assert refusal.value.status == 413


def test_an_upgrade_is_ignored() -> None:
    """The request is answered in HTTP/1.1, and the next one read (RFC 9110 section 7.8)."""
    wish = b"GET /1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n"
    paths = [incoming.path for incoming in read(wish + b"GET /2 HTTP/1.1\r\nHost: x\r\n\r\n")]
    assert paths == ["/1", "/2"]
    assert [incoming.path for incoming in read(wish)] == ["/1"]


def test_the_body_behind_a_wish_to_upgrade_is_no_part_of_the_head() -> None:
    """It may be longer than a head, and is told to come where the client waits, once."""
    wanted: list[bool] = []
    reader = RequestReader(lambda _: 5000, 500, lambda: wanted.append(True))
    found: list[Incoming] = []
    wish = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nExpect: 100-continue\r\n"
    reader.feed(wish + b"Content-Length: 4000\r\n\r\n" + b"a" * 4000, found.append)
    assert [len(incoming.body) for incoming in found] == [4000]
    assert wanted == [True]


def test_old_clients_need_no_host_and_are_not_told_to_continue() -> None:
    """HTTP/1.0, as nginx and openssl speak it."""
    wanted: list[bool] = []
    reader = RequestReader(lambda _: 50, 500, lambda: wanted.append(True))
    found: list[Incoming] = []
    reader.feed(b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na", found.append)
    assert (found[0].old, found[0].keep_alive, wanted) == (True, False, [])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 200))
def test_any_bytes_are_read_or_refused(data: bytes, cut: int) -> None:
    """Nothing but Unreadable is ever raised."""
    assert status_of(data[:cut], data[cut:]) in STATUSES


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 120))
def test_a_broken_request_is_read_or_refused(noise: bytes, at: int) -> None:
    """The same for a request with something put into the middle."""
    assert status_of(WHOLE[:at] + noise + WHOLE[at:]) in STATUSES
