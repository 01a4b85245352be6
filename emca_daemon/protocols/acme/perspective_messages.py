"""What a primary asks of a perspective, and what it is told: one JSON object each way.

A perspective reports what it sees and is never told what would be right: neither the key authorization nor the digest
of it. The primary judges, so that a perspective which did not look cannot confirm anything but by what others see.
"""

import re
from dataclasses import dataclass
from typing import Final

from josepy.b64 import b64encode

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.policy.dns_names import dns_name_problem
from emca_daemon.policy.name_texts import ip_address
from emca_daemon.protocols.acme.challenges import MAX_HTTP_BODY, FetchFailure, HttpAnswer
from emca_daemon.protocols.acme.tls_alpn import TlsAnswer
from emca_daemon.protocols.json_text import read_base64url, read_object, write_object

PATH: Final = "/perspective/v1"
"""Where a perspective is asked, by POST."""

MAX_QUESTION: Final = 2048
MAX_ANSWER: Final = 65_536
"""Octets of either message."""

HTTP: Final = "http"
TLS: Final = "tls"
TXT: Final = "txt"
CAA: Final = "caa"

_MOST_RECORDS = 100
_MOST_TEXT = 1000
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")
_FAILURES = frozenset({"dns", "connection", "tls", "refused-address"})
_TYPES = {"dns": NameType.DNS, "ip": NameType.IP}


@dataclass(frozen=True, slots=True)
class Question:
    """One look: `kind` is one of the four above; `token` goes with `http` alone."""

    kind: str
    name: AlternativeName
    token: str = ""


Records = tuple[bytes, ...]
Seen = HttpAnswer | TlsAnswer | Records | FetchFailure
"""What a look showed: by kind an HTTP answer, a handshake, or the data of DNS records; or why it showed nothing."""


def write_question(question: Question) -> bytes:
    """The message of a question."""
    message: dict[str, object] = {"kind": question.kind, "type": question.name.type.value, "name": question.name.value}
    if question.kind == HTTP:
        message["token"] = question.token
    return write_object(message)


def read_question(data: bytes) -> Question:
    """The question in a message; raises Refused(MALFORMED)."""
    message = read_object(data, "the question")
    kind, type_, name = (_text(message, key) for key in ("kind", "type", "name"))
    if kind not in (HTTP, TLS, TXT, CAA) or type_ not in _TYPES:
        raise _malformed("the question is of a kind that is not known here")
    if type_ == "ip" and (kind in (TXT, CAA) or ip_address(name) is None):
        raise _malformed("an IP address is not asked about like that")
    if type_ == "dns" and dns_name_problem(name, wildcard=False, underscores=kind in (TXT, CAA)):
        raise _malformed("the question is about no name")
    if (kind == HTTP) != ("token" in message) or len(message) != (4 if kind == HTTP else 3):
        raise _malformed("the question has other members than its kind")
    token = _text(message, "token") if kind == HTTP else ""
    if kind == HTTP and not _TOKEN.fullmatch(token):
        raise _malformed("the token is none")
    return Question(kind, AlternativeName(_TYPES[type_], name), token)


def write_seen(seen: Seen) -> bytes:
    """The message of what was seen."""
    if isinstance(seen, FetchFailure):
        return write_object({"failure": seen.kind, "detail": seen.detail[:_MOST_TEXT]})
    if isinstance(seen, HttpAnswer):
        body = _octets(seen.body[:MAX_HTTP_BODY])
        return write_object({"status": seen.status, "body": body, "url": seen.url, "address": seen.address})
    if isinstance(seen, TlsAnswer):
        shown = {"protocol": _octets(seen.protocol), "certificate": _octets(seen.certificate)}
        return write_object({**shown, "address": seen.address})
    return write_object({"records": [_octets(record) for record in seen]})


def read_seen(data: bytes, kind: str) -> Seen:
    """What was seen, in answer to a question of that kind; raises Refused(MALFORMED)."""
    message = read_object(data, "the answer")
    if "failure" in message:
        failure = _text(message, "failure")
        if failure not in _FAILURES:
            raise _malformed("the answer has a failure that is not known here")
        return FetchFailure(failure, _shown(message, "detail"))
    if kind == HTTP:
        return _http(message)
    if kind == TLS:
        protocol, certificate = (read_base64url(message.get(key), key) for key in ("protocol", "certificate"))
        return TlsAnswer(protocol, certificate, _shown(message, "address"))
    records = message.get("records")
    if not isinstance(records, list) or len(records) > _MOST_RECORDS:
        raise _malformed("the answer has no list of records, or too many")
    return tuple(read_base64url(record, "a record") for record in records)


def _http(message: dict[str, object]) -> HttpAnswer:
    status, body = message.get("status"), read_base64url(message.get("body"), "the body")
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 999:
        raise _malformed("the answer has no HTTP status")
    if len(body) > MAX_HTTP_BODY:
        raise _malformed("the body is too long")
    return HttpAnswer(status, body, _shown(message, "url"), _shown(message, "address"))


def _text(message: dict[str, object], key: str) -> str:
    value = message.get(key)
    if not isinstance(value, str):
        raise _malformed(f"the member `{key}` is no text")
    return value


def _shown(message: dict[str, object], key: str) -> str:
    """A text that clients and logs will be shown: short, printable ASCII."""
    text = _text(message, key)[:_MOST_TEXT]
    return "".join(character if " " <= character <= "~" else "?" for character in text)


def _octets(data: bytes) -> str:
    return b64encode(data).decode()


def _malformed(detail: str) -> Refused:
    return Refused(Reason.MALFORMED, detail)
