"""The policy `intune`: Microsoft Intune validates each request, and is told how it ended."""

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC
from hashlib import sha1
from typing import Final

from cryptography import x509

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.scep.asked_records import Notice
from emca_daemon.protocols.scep.challenges import Attempt
from emca_daemon.protocols.scep.intune_service import IntuneService, Verdict

SUCCESS: Final = "Success"

REASONS: Final[Mapping[str, Reason]] = {
    "CertificateRequestDecodingFailed": Reason.MALFORMED,
    "SubjectNameMissing": Reason.NAME_REFUSED,
    "SubjectNameMismatch": Reason.NAME_REFUSED,
    "SubjectAltNameMissing": Reason.NAME_REFUSED,
    "SubjectAltNameMismatch": Reason.NAME_REFUSED,
    "KeyUsageMismatch": Reason.PROFILE_REFUSED,
    "EnhancedKeyUsageMissing": Reason.PROFILE_REFUSED,
    "EnhancedKeyUsageMismatch": Reason.PROFILE_REFUSED,
    "KeyLengthMismatch": Reason.KEY_REFUSED,
    "RegisteredKeyMismatch": Reason.KEY_REFUSED,
    "SignatureValidationFailed": Reason.BAD_INTEGRITY,
}
"""What Intune's codes are to us; every other one, those about the challenge first of all: NOT_AUTHENTICATED."""

HRESULT: Final = 0x8000_4005
"""What Intune's console shows for a request that our policy refused: E_FAIL; the description says why."""


class Intune:
    """Fulfils `asked_challenges.Judge`."""

    proof = "intune"
    tells = True
    wants_request = True

    def __init__(self, service: IntuneService, caller: str) -> None:
        """`caller` is our name in Intune's logs."""
        self._service = service
        self._caller = caller

    def judge(self, attempt: Attempt) -> str:
        """Ask; a request without a challenge cannot be Intune's. Raises Refused by `REASONS`, or UNAVAILABLE."""
        if not attempt.password:
            raise Refused(Reason.NOT_AUTHENTICATED, "the challenge password is missing")
        asked = {**self._about(attempt.transaction_id, attempt.request), "callerInfo": self._caller}
        verdict = self._service.post("validateRequest", {"request": asked})
        if verdict.code != SUCCESS:
            raise Refused(REASONS.get(verdict.code, Reason.NOT_AUTHENTICATED), _said(verdict))
        return ""

    def tell(self, notice: Notice) -> None:
        """`successNotification` or `failureNotification`; raises Refused."""
        told: dict[str, object] = {**self._about(notice.transaction_id, notice.request), "callerInfo": self._caller}
        if notice.certificate:
            action, more = "successNotification", _issued(notice)
        else:
            action, more = "failureNotification", {"hResult": HRESULT, "errorDescription": notice.detail[:255]}
        verdict = self._service.post(action, {"notification": {**told, **more}})
        if verdict.code != SUCCESS:
            raise Refused(Reason.WRONG_STATE, _said(verdict))

    def _about(self, transaction_id: bytes, request: bytes) -> dict[str, object]:
        return {
            "transactionId": transaction_id.decode("ascii", "backslashreplace"),
            "certificateRequest": b64encode(request).decode(),
        }


def _issued(notice: Notice) -> dict[str, object]:
    certificate = x509.load_der_x509_certificate(notice.certificate)
    ends = certificate.not_valid_after_utc.astimezone(UTC)
    issuer = certificate.issuer.rfc4514_string()
    return {
        "certificateThumbprint": sha1(notice.certificate, usedforsecurity=False).hexdigest().upper(),
        "certificateSerialNumber": f"{certificate.serial_number:X}",
        "certificateExpirationDateUtc": ends.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "issuingCertificateAuthority": issuer,
        "caConfiguration": notice.endpoint,
        "certificateAuthority": issuer,
    }


def _said(verdict: Verdict) -> str:
    said = f"Intune refuses: {verdict.code} (activity {verdict.activity})"
    return f"{said}: {verdict.description}" if verdict.description else said
