"""One attempt at one challenge: fetch as its type wants, judge, and say whether another attempt could end otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from emca_daemon.ca.records import AuditValue
from emca_daemon.clock import Clock, system_clock
from emca_daemon.errors import Refused
from emca_daemon.outbound.caa import CaaCheck
from emca_daemon.outbound.dns import Lookups
from emca_daemon.outbound.dns_exchange import Exchange
from emca_daemon.outbound.http import HttpFetcher
from emca_daemon.outbound.looking import Handshakes, Pages, Records
from emca_daemon.outbound.tls_alpn import TlsProbe
from emca_daemon.outbound.waiting import Deadline
from emca_daemon.protocols.acme.caa import Asking
from emca_daemon.protocols.acme.challenges import (
    DNS_01,
    DNS_LABEL,
    HTTP_01,
    HTTP_PATH,
    TLS_ALPN_01,
    FetchFailure,
    HttpAnswer,
    TxtAnswer,
    judge_dns01,
    judge_http01,
)
from emca_daemon.protocols.acme.dns_account import DNS_ACCOUNT_01, account_record_name
from emca_daemon.protocols.acme.dns_persist import (
    DNS_PERSIST_01,
    PersistentAccount,
    Wanted,
    hash_prefix,
    judge_dns_persist01,
    record_name,
)
from emca_daemon.protocols.acme.errors import Problem
from emca_daemon.protocols.acme.identifiers import ancestors_of
from emca_daemon.protocols.acme.tasks import ValidationTask
from emca_daemon.protocols.acme.tls_alpn import PROTOCOL, judge_tls_alpn01
from emca_daemon.randomness import RandomBytes
from emca_daemon.settings.acme import AcmeSettings

_LASTING = ("refused-address",)
"""Failures that another attempt would only repeat."""

_MOST_PLACES = 8
"""Names at which records of dns-persist-01 are looked for."""

_PASSING_STATUS = (404, 408, 425, 429, 500, 502, 503, 504)
"""Answers of a server that is not ready yet."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of an attempt: no problem, or one, and whether it may pass; `details` are for the audit.

    With `later` there is nothing to judge yet, and it is looked for again after that time. `until` is how long a proof
    is good by its own words.
    """

    problem: Problem | None
    retry: bool = False
    details: Mapping[str, AuditValue] = field(default_factory=dict)
    later: timedelta | None = None
    until: datetime | None = None


class AnswerFetches:
    """Attempts for one ACME endpoint."""

    def __init__(
        self,
        reactor: Any,
        lookups: Records,
        http: Pages,
        tls: Handshakes,
        settings: AcmeSettings,
        clock: Clock = system_clock,
    ) -> None:
        """`reactor` provides IReactorTime."""
        self._clock = clock
        self._reactor = reactor
        self._lookups = lookups
        self._http = http
        self._tls = tls
        self._seconds = settings.network.timeout.total_seconds()
        self._caa = CaaCheck(reactor, lookups, self._seconds) if settings.caa == "on" else None
        self._identities = settings.caa_identities
        self._hash_prefix = hash_prefix(settings.base_url)

    @classmethod
    def of_endpoint(
        cls, reactor: Any, settings: AcmeSettings, random: RandomBytes, clock: Clock = system_clock
    ) -> "AnswerFetches":
        """Attempts as the settings of an endpoint have them; `reactor` also provides IReactorTCP and IReactorUDP."""
        lookups = Lookups(settings.network, Exchange(reactor, random))
        http, tls = HttpFetcher(reactor, lookups, settings), TlsProbe(reactor, lookups, settings)
        return cls(reactor, lookups, http, tls, settings, clock)

    async def verdict(self, task: ValidationTask) -> Verdict:
        """Attempt the challenge once; what it proves counts only if CAA, where it is asked, has nothing against it."""
        proof = await self._proof(task)
        if proof.problem is not None or self._caa is None:
            return proof
        asking = Asking(self._identities, task.account_url, task.type, task.wildcard)
        problem = await self._caa.problem(task.identifier, asking)
        return proof if problem is None else Verdict(problem, retry=problem.type == "dns")

    async def _proof(self, task: ValidationTask) -> Verdict:
        if task.type == HTTP_01:
            return await self._http_01(task)
        if task.type == DNS_01:
            return await self._dns_01(task)
        if task.type == DNS_ACCOUNT_01:
            base = task.identifier.value.removeprefix("*.")
            return await self._digest_at(account_record_name(task.account_url, base), task)
        if task.type == DNS_PERSIST_01:
            return await self._dns_persist_01(task)
        if task.type == TLS_ALPN_01:
            return await self._tls_alpn_01(task)
        return Verdict(Problem("malformed", f"challenges of type {task.type} are not validated here"))

    async def _tls_alpn_01(self, task: ValidationTask) -> Verdict:
        """RFC 8737. Another certificate stands, since a client that is ready shows the right one."""
        answer = await self._tls.probe(task.identifier)
        problem = judge_tls_alpn01(task.key_authorization, task.identifier, answer)
        if isinstance(answer, FetchFailure):
            return Verdict(problem, answer.kind not in _LASTING)
        return Verdict(problem, answer.protocol != PROTOCOL, {"address": answer.address})

    async def _http_01(self, task: ValidationTask) -> Verdict:
        """RFC 8555 8.3. A wrong answer stands; a missing one may come yet."""
        fetched = await self._http.fetch(task.identifier.value, HTTP_PATH + task.token)
        problem = judge_http01(task.key_authorization, fetched)
        if isinstance(fetched, FetchFailure):
            return Verdict(problem, fetched.kind not in _LASTING)
        return Verdict(problem, fetched.status in _PASSING_STATUS, _where(fetched))

    async def _dns_01(self, task: ValidationTask) -> Verdict:
        """RFC 8555 8.4."""
        return await self._digest_at(DNS_LABEL + task.identifier.value.removeprefix("*."), task)

    async def _dns_persist_01(self, task: ValidationTask) -> Verdict:
        """What is not there, or not right, is what its owner wrote long ago: it stands.

        A record at a name above is as good if it says that it is for all names beneath, too (6).
        """
        verdicts: list[Verdict] = []
        for place in ancestors_of(task.identifier)[:_MOST_PLACES]:
            try:
                found = await self._persistent(place.value, task, more=bool(verdicts))
            except Refused as refused:
                return Verdict(Problem("dns", refused.detail), retry=True)
            if found.problem is None:
                return found
            verdicts.append(found)
        return verdicts[0]

    async def _persistent(self, domain: str, task: ValidationTask, *, more: bool) -> Verdict:
        """What the records for one domain prove; raises Refused where they cannot be looked up."""
        name = record_name(domain)
        records = await self._lookups.texts(name, Deadline(self._reactor, self._seconds))
        account = PersistentAccount(self._hash_prefix, task.account_url, task.thumbprints)
        wanted = Wanted(self._identities, account, more or task.wildcard or task.subdomains, self._clock())
        found = judge_dns_persist01(domain, records, wanted)
        details: Mapping[str, AuditValue] = {"name": name, "records": len(records)}
        if isinstance(found, Problem):
            return Verdict(found, not records, details)
        return Verdict(None, details=details, until=found.until)

    async def _digest_at(self, name: str, task: ValidationTask) -> Verdict:
        """No record at all may be one that did not spread yet; other records are an answer."""
        found: TxtAnswer | FetchFailure
        try:
            found = TxtAnswer(await self._lookups.texts(name, Deadline(self._reactor, self._seconds)))
        except Refused as refused:
            found = FetchFailure("dns", refused.detail)
        problem = judge_dns01(task.key_authorization, found, name)
        if isinstance(found, FetchFailure):
            return Verdict(problem, retry=True)
        return Verdict(problem, not found.records, {"name": name, "records": len(found.records)})


def _where(answer: HttpAnswer) -> Mapping[str, AuditValue]:
    """Where an answer came from."""
    return {"url": answer.url, "address": answer.address}
