"""dns-persist-01: a TXT record that stays and names CA and account (draft-ietf-acme-dns-persist)."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from josepy.b64 import b64encode

from emca_daemon.protocols.acme.caa import read_issue_value
from emca_daemon.protocols.acme.errors import Problem

DNS_PERSIST_01 = "dns-persist-01"
LABEL = "_validation-persist."
MOST_ISSUERS = 10
_LAST = 253_402_300_799
"""The last second of the year 9999."""
_HASHED = re.compile(r"sha-256/[A-Za-z0-9_-]{43}")
_ANY_DOMAIN = "*"


@dataclass(frozen=True, slots=True)
class PersistentAccount:
    """An account as records may name it: its address, or a hash that only its holder could have computed.

    `thumbprints` are those of its present key and of former ones, since records outlive keys.
    """

    hash_prefix: str
    url: str
    thumbprints: tuple[str, ...]

    def is_named(self, uri: str, domain: str) -> bool:
        """Whether a record for a domain names this account (4.1, 4.2); its plain address is the way of -01."""
        return uri == self.url or any(
            uri == self.hashed(named, thumbprint) for thumbprint in self.thumbprints for named in (domain, _ANY_DOMAIN)
        )

    def hashed(self, domain: str, thumbprint: str) -> str:
        """The hashed URI for a domain, or for any (`*`)."""
        name = domain.encode("ascii")
        octets = len(name).to_bytes(1, "big") + name + thumbprint.encode("ascii") + self.url.encode("ascii")
        return f"{self.hash_prefix}sha-256/{b64encode(sha256(octets).digest()).decode()}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a record must say: one of our names, the account, and, if more than the name itself is proved, so."""

    identities: Collection[str]
    account: PersistentAccount
    more: bool
    now: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """A record authorizes the account, `until` then if it says so."""

    until: datetime | None = None


def hash_prefix(base_url: str) -> str:
    """What the hashed URIs of an endpoint's accounts begin with (`accountHashPrefix` of its directory)."""
    return f"{base_url}/account-hash/"


def record_name(domain: str) -> str:
    """Where the record must be, for a domain without `*.`."""
    return LABEL + domain


def judge_dns_persist01(domain: str, records: tuple[bytes, ...], wanted: Wanted) -> Standing | Problem:
    """What the records for a domain prove; those for other CAs are overlooked, and of several right ones the longest
    counts.

    A record for us that has not the form of the draft is malformed, unless another one is right.
    """
    name, judged = record_name(domain), list(_judged(domain, records, wanted))
    right = [one for one in judged if isinstance(one, Standing)]
    if right:
        limits = [one.until for one in right if one.until is not None]
        return Standing(max(limits) if len(limits) == len(right) else None)
    for one in judged:
        if isinstance(one, tuple):
            kind, why = one
            return Problem(kind, f"a TXT record at {name} {why}", 400 if kind == "malformed" else 403)
    return Problem("unauthorized", f"there is no TXT record for this CA at {name}", 403)


def _judged(domain: str, records: tuple[bytes, ...], wanted: Wanted) -> Iterator[Standing | tuple[str, str]]:
    """For each record that is for us: what it proves, or the kind of fault and what it is."""
    for record in records:
        issuer, parameters = read_issue_value(record.decode("latin-1"))
        if issuer in wanted.identities:
            none = ("malformed", "has parameters that are none")
            yield none if parameters is None else _judge(domain, parameters, wanted)


def _judge(domain: str, parameters: list[tuple[str, str]], wanted: Wanted) -> Standing | tuple[str, str]:
    tags, values = [tag for tag, _ in parameters], dict(parameters)
    if len(set(tags)) < len(tags):
        return "malformed", "has a parameter twice"
    uri, ending = values.get("accounturi"), values.get("persistuntil")
    if uri is None:
        return "malformed", "has no accounturi"
    prefix = wanted.account.hash_prefix
    if uri.startswith(prefix) and not _HASHED.fullmatch(uri.removeprefix(prefix)):
        return "malformed", "has an accounturi that is no hash by sha-256"
    if ending is not None and not (ending.isascii() and ending.isdigit() and int(ending[:20]) <= _LAST):
        return "malformed", "has a persistUntil that is no time"
    until = None if ending is None else datetime.fromtimestamp(int(ending), UTC)
    if not wanted.account.is_named(uri, domain):
        return "unauthorized", f"is for another account than {wanted.account.url}"
    if until is not None and until <= wanted.now:
        return "unauthorized", "has run out"
    if wanted.more and values.get("policy", "").lower() != "wildcard":
        return "unauthorized", "does not have policy=wildcard"
    return Standing(until)
