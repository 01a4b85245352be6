"""What a challenge asks for and how an answer is judged (RFC 8555 8); nothing here fetches."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest

from josepy.b64 import b64encode

from emca_daemon.names import NameType
from emca_daemon.protocols.acme.email_reply import EMAIL_REPLY_00
from emca_daemon.protocols.acme.errors import Problem

HTTP_01 = "http-01"
DNS_01 = "dns-01"
TLS_ALPN_01 = "tls-alpn-01"
DEVICE_ATTEST_01 = "device-attest-01"
ONION_CSR_01 = "onion-csr-01"
TKAUTH_01 = "tkauth-01"

_OFFERS: tuple[tuple[str, frozenset[NameType], bool], ...] = (
    (HTTP_01, frozenset({NameType.DNS, NameType.IP}), False),
    (DNS_01, frozenset({NameType.DNS}), True),
    (TLS_ALPN_01, frozenset({NameType.DNS, NameType.IP}), False),
    ("dns-account-01", frozenset({NameType.DNS}), True),
    ("dns-persist-01", frozenset({NameType.DNS}), True),
    (EMAIL_REPLY_00, frozenset({NameType.EMAIL}), False),
    (DEVICE_ATTEST_01, frozenset({NameType.OTHER}), False),
    (ONION_CSR_01, frozenset({NameType.DNS}), True),
    (TKAUTH_01, frozenset({NameType.TN_AUTH_LIST}), False),
)
"""Type, identifiers it can prove, whether it can prove a wildcard; in the order in which they are offered.

What is new comes last: some clients stumble over the first type that they do not know.
"""

MAX_HTTP_BODY = 4096
"""Bytes of an http-01 answer that are read at the most."""

HTTP_PATH = "/.well-known/acme-challenge/"
DNS_LABEL = "_acme-challenge."


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What the last of an http-01 fetch's requests returned; `body` at most MAX_HTTP_BODY bytes."""

    status: int
    body: bytes
    url: str
    address: str


@dataclass(frozen=True, slots=True)
class TxtAnswer:
    """The TXT records found, each record's strings joined; empty when the name has none or does not exist."""

    records: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class FetchFailure:
    """Why nothing could be fetched; `kind` is `dns`, `connection`, `tls` or `refused-address`."""

    kind: str
    detail: str


_FAILURES = {
    "dns": ("dns", 400),
    "connection": ("connection", 400),
    "tls": ("tls", 400),
    "refused-address": ("rejectedIdentifier", 400),
}


def offered(
    enabled: Iterable[str], identifier_type: NameType, *, wildcard: bool, onion: bool = False
) -> tuple[str, ...]:
    """The enabled challenge types that can prove such an identifier, in the order in which clients see them.

    Names beneath `onion` are not in the DNS and are reached through Tor alone: only onion-csr-01 needs neither.
    """
    wanted = frozenset(enabled) & {ONION_CSR_01} if onion else frozenset(enabled) - {ONION_CSR_01}
    return tuple(
        name
        for name, types, wildcards in _OFFERS
        if name in wanted and identifier_type in types and (wildcards or not wildcard)
    )


def key_authorization(token: str, thumbprint: str) -> str:
    """Token and thumbprint of the account's key (RFC 8555 8.1)."""
    return f"{token}.{thumbprint}"


def dns_record_value(authorization: str) -> str:
    """What the TXT record must hold (RFC 8555 8.4)."""
    return b64encode(sha256(authorization.encode()).digest()).decode()


def failure_problem(failure: FetchFailure) -> Problem:
    """The problem of an attempt that fetched nothing."""
    kind, status = _FAILURES[failure.kind]
    return Problem(kind, failure.detail, status)


def judge_http01(expected_key_authorization: str, fetched: HttpAnswer | FetchFailure) -> Problem | None:
    """None when the answer proves control: status 200 and the key authorization, trailing whitespace aside."""
    if isinstance(fetched, FetchFailure):
        return failure_problem(fetched)
    if fetched.status != 200:
        return Problem("unauthorized", f"{fetched.url} at {fetched.address} answered with status {fetched.status}", 403)
    if compare_digest(fetched.body.rstrip(b" \t\r\n"), expected_key_authorization.encode()):
        return None
    shown = fetched.body[:64].decode("ascii", "backslashreplace")
    return Problem(
        "unauthorized",
        f"{fetched.url} at {fetched.address} does not hold the key authorization of this challenge but `{shown}`",
        403,
    )


def judge_dns01(
    expected_key_authorization: str, txt_records: TxtAnswer | FetchFailure, name: str = "the name"
) -> Problem | None:
    """None when one of the records holds the digest; `name` is where they were looked for."""
    if isinstance(txt_records, FetchFailure):
        return failure_problem(txt_records)
    if not txt_records.records:
        return Problem("unauthorized", f"there is no TXT record at {name}", 403)
    expected = dns_record_value(expected_key_authorization).encode()
    if any(compare_digest(record, expected) for record in txt_records.records):
        return None
    count = len(txt_records.records)
    return Problem("unauthorized", f"none of the {count} TXT records at {name} holds the digest expected", 403)
