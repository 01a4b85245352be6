"""CAA: which CAs the owner of a domain lets issue, by which account and method (RFC 8659, RFC 8657)."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from emca_daemon.protocols.acme.errors import Problem

TYPE = 257
"""The number of the record type."""

_CRITICAL = 0x80
_UNDERSTOOD = frozenset({"issue", "issuewild", "iodef", "issuemail", "contactemail", "contactphone"})
_TAG = re.compile(r"[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*")
_VALUE = re.compile(r"[\x21-\x3a\x3c-\x7e]*")
_DOMAIN = re.compile(r"[A-Za-z0-9]+(?:[.-]+[A-Za-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class CaaRecord:
    """One record; `tag` in lower case."""

    critical: bool
    tag: str
    value: str


@dataclass(frozen=True, slots=True)
class Asking:
    """Who wants to issue: the CA's names, the account's address, the method by which the name was proved."""

    identities: Collection[str]
    account_url: str
    method: str
    wildcard: bool
    mail: bool = False
    """Whether it is for a mailbox (RFC 9495)."""


def read_record(data: bytes) -> CaaRecord | None:
    """The record in the data of a resource record (RFC 8659 4.1); None if it is none."""
    if len(data) < 2 or not 0 < data[1] <= len(data) - 2:
        return None
    end = 2 + data[1]
    tag = data[2:end].decode("ascii", "replace")
    if not tag.isalnum() or not tag.isascii():
        return None
    return CaaRecord(bool(data[0] & _CRITICAL), tag.lower(), data[end:].decode("latin-1"))


def judge_caa(name: str, found: Sequence[bytes], asking: Asking) -> Problem | None:
    """None when the records found for a name, or above it, let us issue."""
    records = [read_record(data) for data in found]
    known = [record for record in records if record is not None]
    if len(known) < len(records):
        return _refusal(name, "has a record that cannot be read")
    for record in known:
        if record.critical and record.tag not in _UNDERSTOOD:
            return _refusal(name, f"has a critical record `{record.tag[:20]}` that is not known here")
    relevant = _relevant(known, asking)
    if not relevant or any(_permits(record.value, asking) for record in relevant):
        return None
    return _refusal(name, "does not let this CA issue to this account by this method")


def _relevant(records: Iterable[CaaRecord], asking: Asking) -> list[CaaRecord]:
    """`issuewild` counts for wildcards, where there is any; else `issue` does (RFC 8659 4.3); `issuemail` for mail."""
    known = list(records)
    by_tag = {tag: [one for one in known if one.tag == tag] for tag in ("issue", "issuewild", "issuemail")}
    if asking.mail:
        return by_tag["issuemail"]
    return (by_tag["issuewild"] if asking.wildcard else []) or by_tag["issue"]


def read_issue_value(value: str) -> tuple[str, list[tuple[str, str]] | None]:
    """Domain (lower case; empty if there is none) and parameters (None if malformed) of `domain; a=b` (4.2)."""
    domain, _, rest = value.partition(";")
    domain = domain.strip(" \t")
    return (domain.lower() if _DOMAIN.fullmatch(domain) else ""), _parameters(rest)


def _permits(value: str, asking: Asking) -> bool:
    domain, parameters = read_issue_value(value)
    if domain not in asking.identities or parameters is None:
        return False
    accounts = [one for tag, one in parameters if tag == "accounturi"]
    methods = [one for tag, one in parameters if tag == "validationmethods"]
    return _one(accounts, {asking.account_url}, split=False) and _one(methods, {asking.method}, split=True)


def _one(values: list[str], wanted: set[str], *, split: bool) -> bool:
    """Whether a parameter is absent, or there once and says what is wanted (RFC 8657 3, 4)."""
    if not values:
        return True
    return len(values) == 1 and not wanted.isdisjoint(values[0].split(",") if split else values)


def _parameters(text: str) -> list[tuple[str, str]] | None:
    """Tags in lower case and values; None for text that has not the form of RFC 8659 4.2."""
    if not text.strip(" \t"):
        return []
    found = []
    for part in text.split(";"):
        tag, equals, value = (piece.strip(" \t") for piece in part.partition("="))
        if not equals or not _TAG.fullmatch(tag) or not _VALUE.fullmatch(value):
            return None
        found.append((tag.lower(), value))
    return found


def _refusal(name: str, why: str) -> Problem:
    return Problem("caa", f"the CAA set of {name} {why}", 403)
