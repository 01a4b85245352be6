"""One request on its way through an operation."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from emca_daemon.ca.audit import refusal_by
from emca_daemon.ca.client_keys import GeneratedKey
from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.facts import Requester
from emca_daemon.protocols.est.authentication import Challenge, authenticate
from emca_daemon.protocols.est.bodies import read_body
from emca_daemon.protocols.est.clients import Client, TrustedCertificate
from emca_daemon.protocols.est.endpoint import Endpoint
from emca_daemon.protocols.est.errors import EstRefusal
from emca_daemon.protocols.est.generated_keys import with_key
from emca_daemon.protocols.est.requests import EnrollmentRequest, read_request
from emca_daemon.protocols.http import Request
from emca_daemon.protocols.http_users import HttpUser

PKCS10: Final = ("application/pkcs10", "application/x-pkcs10")
_UNAUDITED: Final = frozenset({Reason.UNAVAILABLE, Reason.INTERNAL})
_MINUTE: Final = timedelta(minutes=1)

ANONYMOUS_REFUSALS: Final = 60
"""How many refusals of one address that has proved nothing are audited in a minute."""


@dataclass(slots=True)
class Call:
    """A request to a label; `requester` is who asks as soon as that is known, `noted` that a refusal was audited."""

    endpoint: Endpoint
    request: Request
    requester: Requester
    noted: bool = False

    @classmethod
    def of(cls, endpoint: Endpoint, request: Request) -> "Call":
        """Of somebody who has proved nothing yet."""
        nobody = Requester("est", "", "none", request.peer.address, request.id, endpoint.label)
        return cls(endpoint, request, nobody)

    def authenticated(
        self,
        *,
        renewing: bool = False,
        signer: TrustedCertificate | None = None,
        proved: HttpUser | None = None,
    ) -> Client:
        """The client, whose requests are counted; raises what `authenticate` does, and Refused(RATE_LIMITED)."""
        client = authenticate(self.endpoint, self.request, renewing=renewing, signer=signer, proved=proved)
        self.requester = Requester(
            "est",
            client.identity,
            client.proof,
            self.request.peer.address,
            self.request.id,
            self.endpoint.label,
            client.groups,
        )
        self.count()
        return client

    def count(self) -> None:
        """One more certificate is asked for; raises Refused(RATE_LIMITED) beyond the label's limit."""
        limit = self.endpoint.settings.requests_per_minute
        if not limit:
            return
        subject = f"est-requests:{self.endpoint.label}:{self.requester.identity}"
        with self.endpoint.store.writing(durable=False) as tx:
            number = tx.credentials.count(subject, self.endpoint.clock(), _MINUTE)
        if number > limit:
            # The first one too many is told to the audit chain, the rest would only fill it.
            self.noted = number > limit + 1
            raise Refused(Reason.RATE_LIMITED, "too many requests; slow down", retry_after=60)

    def note(self, operation: str, refused: Refused) -> None:
        """Tell the audit chain of a refusal, unless policy has; raises Refused(UNAVAILABLE).

        Of those who have proved nothing, an address is written down `ANONYMOUS_REFUSALS` times a minute and then only
        counted, so that nobody can fill the chain; wrong passwords have a limit of their own (`attempts_per_address`).
        Their actor is the user who was tried.
        """
        if self.noted or refused.reason in _UNAUDITED:
            return
        now, by = self.endpoint.clock(), self.requester
        details: dict[str, bool] = {}
        if isinstance(refused, Challenge) and refused.tried:
            by = replace(by, identity=refused.tried)
        with self.endpoint.store.writing() as tx:
            if self.requester.proof == "none" and not (isinstance(refused, Challenge) and refused.counted):
                number = tx.credentials.count(f"est-refusals:{self.requester.origin}", now, _MINUTE)
                if number > ANONYMOUS_REFUSALS:
                    return
                if number == ANONYMOUS_REFUSALS:
                    details = {"last_of_minute": True}
            tx.audit.append(refusal_by(by, now, "est.request", operation, refused, **details))

    def body(self, types: tuple[str, ...]) -> bytes:
        """The DER sent; raises a refusal with 415 for another type, where types matter, and Refused(MALFORMED)."""
        kind = (self.request.header("content-type") or "").partition(";")[0].strip().lower()
        if self.endpoint.settings.strict_types and kind not in types:
            raise EstRefusal(415, f"the Content-Type must be {types[0]}")
        return read_body(self.request.body)

    def enrollment_request(self) -> EnrollmentRequest:
        """The PKCS #10 request sent; raises Refused as `read_request` does."""
        return read_request(self.body(PKCS10), self.requester, self.endpoint.weak_keys, needs_names=self.needs_names)

    def request_for(self, key: GeneratedKey, csr: bytes) -> EnrollmentRequest:
        """The request as if the client had made that key; raises Refused(MALFORMED)."""
        endpoint = self.endpoint
        return read_request(with_key(csr, key), self.requester, endpoint.weak_keys, needs_names=self.needs_names)

    @property
    def needs_names(self) -> bool:
        """Whether the profile wants alternative names: then a common name may be the only one."""
        return self.endpoint.enrollment.profile(self.endpoint.settings.profile).names.minimum > 0
