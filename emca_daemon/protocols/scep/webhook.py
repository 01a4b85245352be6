"""The policy `webhook`: a service of the operator's own decides, and is told how it ended (docs/operations.md).

Each call is a POST of a JSON object. What it says is vouched for by HMAC-SHA256 over the time, a dot and the body, or
by a bearer token.
"""

import hmac
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Final

from cryptography import x509

from emca_daemon.asn1.names import subject_to_name
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import serial_text
from emca_daemon.protocols.http import Headers
from emca_daemon.protocols.json_text import read_object, write_object
from emca_daemon.protocols.scep.asked_records import Notice
from emca_daemon.protocols.scep.challenges import Attempt
from emca_daemon.protocols.scep.outside import Answer, Call, Outside

Showing = Callable[[bytes, datetime], Headers]
"""The header fields that show who calls, by body and time."""

LONGEST_IDENTITY: Final = 255


def signed_with(secret: bytes) -> Showing:
    """By HMAC: `X-Emca-Timestamp` (seconds since 1970) and `X-Emca-Signature` (`sha256=` and hexadecimal digits)."""

    def show(body: bytes, now: datetime) -> Headers:
        stamp = str(int(now.timestamp()))
        code = hmac.digest(secret, stamp.encode() + b"." + body, "sha256").hex()
        return (("x-emca-timestamp", stamp), ("x-emca-signature", f"sha256={code}"))

    return show


def bearing(token: bytes) -> Showing:
    """By a token (RFC 6750); raises ValueError for one that no header field can hold."""
    text = token.decode("ascii")
    if not text.isprintable():
        raise ValueError("a bearer token has printable characters alone")
    return lambda _body, _now: (("authorization", f"Bearer {text}"),)


class Webhook:
    """Fulfils `asked_challenges.Judge`."""

    proof = "webhook"
    wants_request = False

    def __init__(self, url: str, showing: Showing, outside: Outside, clock: Clock, *, tells: bool) -> None:
        self.tells = tells
        self._url = url
        self._showing = showing
        self._outside = outside
        self._clock = clock

    def judge(self, attempt: Attempt) -> str:
        """Ask; raises Refused(NOT_AUTHENTICATED) for a no, UNAVAILABLE for whatever is no answer."""
        answer = self._post(
            "check",
            attempt.endpoint,
            attempt.transaction,
            attempt.transaction_id,
            csr=b64encode(attempt.request).decode(),
            challenge=None if attempt.password is None else attempt.password.decode("utf-8", "replace"),
            subject=subject_to_name(attempt.facts.subject).rfc4514_string(),
            names=[str(name) for name in attempt.facts.names],
        )
        try:
            return _decision(read_object(answer.body, "the webhook's answer"))
        except Refused as refusal:
            if refusal.reason is Reason.MALFORMED:
                raise Refused(Reason.UNAVAILABLE, refusal.detail) from None
            raise

    def tell(self, notice: Notice) -> None:
        """Say `issued` or `failed`; any answer with a status of 2xx will do."""
        if not notice.certificate:
            self._post("failed", notice.endpoint, notice.transaction, notice.transaction_id, detail=notice.detail)
            return
        certificate = x509.load_der_x509_certificate(notice.certificate)
        self._post(
            "issued",
            notice.endpoint,
            notice.transaction,
            notice.transaction_id,
            certificate=b64encode(notice.certificate).decode(),
            serial_number=serial_text(certificate.serial_number),
            sha256=sha256(notice.certificate).hexdigest(),
            not_after=certificate.not_valid_after_utc.isoformat(),
        )

    def _post(self, event: str, endpoint: str, request_id: str, transaction_id: bytes, **more: object) -> Answer:
        known = {"event": event, "endpoint": endpoint, "request_id": request_id}
        text = transaction_id.decode("ascii", "backslashreplace")
        body = write_object({**known, "transaction_id": text, **more})
        headers: Headers = (
            ("content-type", "application/json"),
            ("accept", "application/json"),
            ("idempotency-key", f"{event}-{request_id}"),
            *self._showing(body, self._clock()),
        )
        with self._outside.conversation() as conversation:
            answer = conversation.exchange(Call("POST", self._url, headers, body))
        if not 200 <= answer.status < 300:
            raise Refused(Reason.UNAVAILABLE, f"the webhook answered with status {answer.status}")
        return answer


def _decision(document: dict[str, object]) -> str:
    allow, identity, reason = document.get("allow"), document.get("identity"), document.get("reason")
    if not isinstance(allow, bool) or not isinstance(identity, str | None) or not isinstance(reason, str | None):
        raise Refused(Reason.UNAVAILABLE, "the webhook's answer is not {allow, identity, reason}")
    if not allow:
        said = "".join(one for one in reason or "" if one.isprintable())[:LONGEST_IDENTITY]
        raise Refused(Reason.NOT_AUTHENTICATED, f"the webhook refuses: {said}" if said else "the webhook refuses")
    if identity and (len(identity) > LONGEST_IDENTITY or not identity.isprintable()):
        raise Refused(Reason.UNAVAILABLE, "the identity in the webhook's answer is too long or not printable")
    return identity or ""
