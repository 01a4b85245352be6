"""dns-persist-01: a TXT record that stays and names CA and account (draft-ietf-acme-dns-persist)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from emca_daemon.protocols.acme.caa import read_issue_value
from emca_daemon.protocols.acme.errors import Problem

DNS_PERSIST_01 = "dns-persist-01"
LABEL = "_validation-persist."
MOST_ISSUERS = 10
_LAST = 253_402_300_799
"""The last second of the year 9999."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a record must say: one of our names, the account, and, if more than the name itself is proved, so."""

    identities: Collection[str]
    account_url: str
    more: bool
    now: datetime


def record_name(domain: str) -> str:
    """Where the record must be, for a domain without `*.`."""
    return LABEL + domain


def judge_dns_persist01(name: str, records: tuple[bytes, ...], wanted: Wanted) -> Problem | None:
    """None when one record for this CA authorizes the account; those for other CAs are overlooked.

    A record for us that has not the form of the draft is malformed, unless another one is right.
    """
    faults = list(_faults(records, wanted))
    if any(fault is None for fault in faults):
        return None
    for fault in faults:
        if fault is not None:
            kind, why = fault
            return Problem(kind, f"a TXT record at {name} {why}", 400 if kind == "malformed" else 403)
    return Problem("unauthorized", f"there is no TXT record for this CA at {name}", 403)


def _faults(records: tuple[bytes, ...], wanted: Wanted) -> Iterator[tuple[str, str] | None]:
    """For each record that is for us: nothing, or the kind of fault and what it is."""
    for record in records:
        domain, parameters = read_issue_value(record.decode("latin-1"))
        if domain in wanted.identities:
            yield ("malformed", "has parameters that are none") if parameters is None else _fault(parameters, wanted)


def _fault(parameters: list[tuple[str, str]], wanted: Wanted) -> tuple[str, str] | None:
    tags = [tag for tag, _ in parameters]
    if len(set(tags)) < len(tags):
        return "malformed", "has a parameter twice"
    values = dict(parameters)
    if "accounturi" not in values:
        return "malformed", "has no accounturi"
    until = values.get("persistuntil")
    if until is not None and not (until.isascii() and until.isdigit() and int(until[:20]) <= _LAST):
        return "malformed", "has a persistUntil that is no time"
    if values["accounturi"] != wanted.account_url:
        return "unauthorized", f"is for another account than {wanted.account_url}"
    if until is not None and datetime.fromtimestamp(int(until), UTC) <= wanted.now:
        return "unauthorized", "has run out"
    if wanted.more and values.get("policy", "").lower() != "wildcard":
        return "unauthorized", "does not have policy=wildcard"
    return None
