"""The page of Microsoft's NDES, from which device management reads a challenge: each view makes one.

What programs look for is kept to the letter: the two sentences that end in a bold value, one blank before each and
around the value, the sentences of the two refusals (which NDES sends with status 200), UTF-16 without a byte order
mark, and MD5 over the CA's certificate, in groups of eight digits, for the thumbprint.
"""

import hashlib
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.facts import Requester
from emca_daemon.protocols import basic
from emca_daemon.protocols.http import Headers, Request, Response
from emca_daemon.protocols.scep.endpoint import Endpoint
from emca_daemon.protocols.scep.http_access import STATUS_OF, Access, NeedsTls
from emca_daemon.protocols.scep.provisioning import Provisioning
from emca_daemon.protocols.scep.terms import Terms

SOURCE: Final = "page"
FULL: Final = "The password cache is full."
NOT_PERMITTED: Final = "You do not have sufficient permission to enroll with SCEP."
_ENCODINGS: Final = {"utf-16": "utf-16-le", "utf-8": "utf-8"}
_RETRY_AFTER: Final = 2


class ChallengePage:
    """Answers at the page's path; fulfils `protocols.http.Responder` and `Toiling`."""

    max_body = 1024

    def __init__(self, endpoint: Endpoint, access: Access, provisioning: Provisioning) -> None:
        self._endpoint = endpoint
        self._settings = endpoint.settings.page
        self._access = access
        self._provisioning = provisioning

    def respond(self, request: Request) -> Response:
        """A fresh challenge for whoever may have one."""
        if request.method != "GET":
            return self._page(405, "<P> This page is read by GET. </P>", (("allow", "GET"),))
        by = self._access.named(request)
        try:
            by = self._access.requester(request, self._settings.groups)
            return self._page(200, self._fresh(by))
        except Refused as refusal:
            self._access.note(by, self._settings.path, refusal)
            return self._refusal(refusal)

    def waits(self, _request: Request) -> bool:
        """Every answer asks the store."""
        return True

    def toils(self, request: Request) -> bool:
        """Where a password is verified."""
        return basic.is_tried(request)

    def failed(self, request: Request) -> Response:
        """The answer to a bug: the request's id and nothing else."""
        return self._page(500, f"<P> The server failed; tell the operator the request id {request.id}. </P>")

    def busy(self, _request: Request) -> Response:
        """The answer when no worker is free."""
        return self._refusal(Refused(Reason.UNAVAILABLE, "the server is busy"))

    def _fresh(self, by: Requester) -> str:
        page = self._settings
        certificate = self._endpoint.authority.certificate.public_bytes(Encoding.DER)
        terms = Terms(lifetime=page.lifetime)
        made = self._provisioning.make(terms, by, source=SOURCE, octets=page.octets, outstanding=page.outstanding)
        minutes = max(1, int(page.lifetime.total_seconds()) // 60)
        return (
            f"<P> The thumbprint (hash value) for the CA certificate is: <B> {_md5(certificate)} </B>"
            f" <P> The enrollment challenge password is: <B> {made.secret} </B>"
            f" <P> This password can be used only once and will expire within {minutes} minutes. </P>"
            f" <P> By SHA-256 the thumbprint is: {hashlib.sha256(certificate).hexdigest().upper()} </P>"
        )

    def _refusal(self, refusal: Refused) -> Response:
        if isinstance(refusal, NeedsTls):
            return self._page(403, f"<P> {refusal.detail} </P>")
        later: Headers = ()
        if refusal.reason in (Reason.RATE_LIMITED, Reason.UNAVAILABLE):
            later = (("retry-after", str(refusal.retry_after or _RETRY_AFTER)),)
        match refusal.reason:
            case Reason.NOT_AUTHENTICATED:
                return self._page(401, "<P> Expected a user's name and password. </P>", self._access.challenges())
            case Reason.RATE_LIMITED if refusal.retry_after is None:
                return self._page(200, f"<P> {FULL} Wait until challenges were used or have expired. </P>")
            case Reason.NOT_PERMITTED:
                return self._page(200, f"<P> {NOT_PERMITTED} Ask the operator of this service. </P>")
        return self._page(STATUS_OF[refusal.reason], "<P> No challenge can be made now; try again later. </P>", later)

    def _page(self, status: int, body: str, headers: Headers = ()) -> Response:
        encoding = _ENCODINGS[self._settings.encoding]
        text = (
            "<HTML><HEAD><TITLE>Network Device Enrollment Service</TITLE></HEAD>"
            f"<BODY><H1>Challenges for SCEP</H1> {body}</BODY></HTML>"
        )
        kind = ("content-type", f"text/html; charset={encoding.replace('-le', 'le')}")
        return Response(status, text.encode(encoding), (kind, ("cache-control", "no-store"), *headers))


def _md5(certificate: bytes) -> str:
    digest = hashlib.md5(certificate, usedforsecurity=False).hexdigest().upper()
    return " ".join(digest[start : start + 8] for start in range(0, len(digest), 8))
