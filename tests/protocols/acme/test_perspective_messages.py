"""What a primary and its perspectives say to each other."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.errors import Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.protocols.acme.challenges import FetchFailure, HttpAnswer
from emca_daemon.protocols.acme.perspective_messages import (
    CAA,
    HTTP,
    MAX_ANSWER,
    TLS,
    TXT,
    Question,
    Seen,
    read_question,
    read_seen,
    write_question,
    write_seen,
)
from emca_daemon.protocols.acme.tls_alpn import TlsAnswer

NAME = AlternativeName(NameType.DNS, "a.example")
ADDRESS = AlternativeName(NameType.IP, "192.0.2.1")


@pytest.mark.parametrize(
    "question",
    [
        Question(HTTP, NAME, "token-_9"),
        Question(HTTP, ADDRESS, "token"),
        Question(TLS, NAME),
        Question(TLS, AlternativeName(NameType.IP, "2001:db8::1")),
        Question(TXT, AlternativeName(NameType.DNS, "_acme-challenge.a.example")),
        Question(CAA, NAME),
    ],
)
def test_a_question_arrives_as_it_was_asked(question: Question) -> None:
    """By every kind, about names and addresses."""
    assert read_question(write_question(question)) == question


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "a", "type": "dns", "name": "a.example"},
        {"kind": "txt", "type": "email", "name": "a@a.example"},
        {"kind": "txt", "type": "ip", "name": "192.0.2.1"},
        {"kind": "tls", "type": "ip", "name": "a.example"},
        {"kind": "tls", "type": "dns", "name": "_a.example"},
        {"kind": "tls", "type": "dns", "name": "*.a.example"},
        {"kind": "tls", "type": "dns", "name": ""},
        {"kind": "tls", "type": "dns", "name": 1},
        {"kind": "tls", "type": "dns", "name": "a.example", "token": "t"},
        {"kind": "http", "type": "dns", "name": "a.example"},
        {"kind": "http", "type": "dns", "name": "a.example", "token": ""},
        {"kind": "http", "type": "dns", "name": "a.example", "token": "../secret"},
        {"kind": "http", "type": "dns", "name": "a.example", "token": "t" * 129},
        {"kind": "caa", "type": "dns", "name": "a.example", "more": 1},
    ],
)
def test_what_is_no_question_is_refused(message: dict[str, object]) -> None:
    """Above all what would lead a perspective elsewhere than a challenge does."""
    with pytest.raises(Refused):
        read_question(json.dumps(message).encode())


@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        (HTTP, HttpAnswer(200, b"\x00body\xff", "http://a.example/", "192.0.2.1")),
        (HTTP, FetchFailure("connection", "it is closed")),
        (TLS, TlsAnswer(b"acme-tls/1", b"\x30\x00", "192.0.2.1")),
        (TXT, (b"one", b"\xff")),
        (CAA, ()),
        (CAA, FetchFailure("dns", "SERVFAIL")),
    ],
)
def test_what_was_seen_arrives_as_it_was(kind: str, seen: Seen) -> None:
    """Octets and all."""
    assert read_seen(write_seen(seen), kind) == seen


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (HTTP, {"status": True, "body": "", "url": "", "address": ""}),
        (HTTP, {"status": 20, "body": "", "url": "", "address": ""}),
        (HTTP, {"status": 200, "body": "=", "url": "", "address": ""}),
        (HTTP, {"status": 200, "body": "A" * 6000, "url": "", "address": ""}),
        (HTTP, {"status": 200, "body": "", "url": 1, "address": ""}),
        (HTTP, {"records": []}),
        (TLS, {"protocol": "", "address": ""}),
        (TXT, {"records": "AAAA"}),
        (TXT, {"records": [1]}),
        (TXT, {"records": ["AAAA"] * 101}),
        (CAA, {"failure": "other", "detail": ""}),
        (CAA, {"failure": "dns"}),
    ],
)
def test_what_is_no_answer_is_refused(kind: str, message: dict[str, object]) -> None:
    """A perspective is not trusted to speak well."""
    with pytest.raises(Refused):
        read_seen(json.dumps(message).encode(), kind)


def test_what_clients_are_shown_is_short_and_printable() -> None:
    """Whatever the perspective says."""
    failure = read_seen(json.dumps({"failure": "dns", "detail": "a\nb\x1b" + "x" * 2000}).encode(), TXT)
    assert isinstance(failure, FetchFailure)
    assert failure.detail.startswith("a?b?xxx")
    assert len(failure.detail) == 1000
    assert len(write_seen(FetchFailure("dns", "x" * 100_000))) < MAX_ANSWER


@given(st.binary(max_size=200))
def test_any_octets_are_read_or_refused(data: bytes) -> None:
    """Nothing else comes of them."""
    for read in (read_question, lambda octets: read_seen(octets, HTTP)):
        with pytest.raises(Refused):
            read(data)
