"""Where Jamf Pro asks for a challenge: its webhook `SCEPChallenge`, whose answer is the challenge itself.

Jamf Pro puts the answer into the profile of the device, as its proxy or for the device to use; the password then
comes back in a request and counts once, as every one-time challenge does.
"""

from typing import Final

from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.facts import Requester
from emca_daemon.protocols import basic
from emca_daemon.protocols.http import Headers, Request, Response
from emca_daemon.protocols.json_text import read_object
from emca_daemon.protocols.scep.endpoint import Endpoint
from emca_daemon.protocols.scep.http_access import STATUS_OF, Access
from emca_daemon.protocols.scep.provisioning import LONGEST_TEXT, Provisioning
from emca_daemon.protocols.scep.terms import Terms

SOURCE: Final = "jamf"
EVENT: Final = "SCEPChallenge"
NAMED_BY: Final = ("serialNumber", "udid", "deviceName")
"""Members of an event's device that tell an operator which one it is, the best first."""

_RETRY_AFTER: Final = 2


class JamfWebhook:
    """Answers at the webhook's path; fulfils `protocols.http.Responder` and `Toiling`."""

    max_body = 262_144

    def __init__(self, endpoint: Endpoint, access: Access, provisioning: Provisioning) -> None:
        self._endpoint = endpoint
        self._settings = endpoint.settings.jamf
        self._access = access
        self._provisioning = provisioning

    def respond(self, request: Request) -> Response:
        """A fresh challenge for the device that the event is about."""
        if request.method != "POST":
            return _text(405, "Jamf Pro's webhook is a POST", (("allow", "POST"),))
        by = self._access.named(request)
        try:
            by = self._access.requester(request, self._settings.groups)
            return _text(200, self._fresh(request, by), end="")
        except Refused as refusal:
            self._access.note(by, request.path[:255], refusal)
            return self._refusal(refusal)

    def waits(self, _request: Request) -> bool:
        """Every answer asks the store."""
        return True

    def toils(self, request: Request) -> bool:
        """Where a password is verified."""
        return basic.is_tried(request)

    def failed(self, request: Request) -> Response:
        """The answer to a bug: the request's id and nothing else."""
        return _text(500, f"the server failed; tell the operator the request id {request.id}")

    def busy(self, _request: Request) -> Response:
        """The answer when no worker is free."""
        return self._refusal(Refused(Reason.UNAVAILABLE, "the server is busy; try again later"))

    def _fresh(self, request: Request, by: Requester) -> str:
        terms = Terms(lifetime=self._settings.lifetime, note=read_device_name(request.body))
        outstanding = self._settings.outstanding
        return self._provisioning.make(terms, by, source=SOURCE, outstanding=outstanding).secret

    def _refusal(self, refusal: Refused) -> Response:
        status = STATUS_OF[refusal.reason]
        headers = self._access.challenges() if status == 401 else ()
        if refusal.reason in (Reason.UNAVAILABLE, Reason.RATE_LIMITED):
            headers = (("retry-after", str(refusal.retry_after or _RETRY_AFTER)),)
        return _text(status, str(refusal), headers)


def read_device_name(body: bytes) -> str:
    """What names the device of a `SCEPChallenge` event, empty if nothing does; raises Refused(MALFORMED)."""
    document = read_object(body, "the webhook's body")
    webhook, event = document.get("webhook"), document.get("event")
    if not isinstance(webhook, dict) or webhook.get("webhookEvent") != EVENT:
        raise Refused(Reason.MALFORMED, f"expected the webhook event {EVENT}, as JSON")
    found = event.get("targetDevice", event) if isinstance(event, dict) else {}
    for name in NAMED_BY if isinstance(found, dict) else ():
        text = found.get(name)
        if isinstance(text, str) and text and text.isprintable() and text == text.strip():
            return text[:LONGEST_TEXT].strip()
    return ""


def _text(status: int, words: str, headers: Headers = (), *, end: str = "\n") -> Response:
    fields: Headers = (("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store"), *headers)
    return Response(status, (words + end).encode(), fields)
