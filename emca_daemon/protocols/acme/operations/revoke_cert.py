"""Revoking a certificate (RFC 8555 7.6)."""

from collections.abc import Iterable
from hashlib import sha256

from emca_daemon.ca.records import CertificateRecord, RevocationReason
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, serial_text
from emca_daemon.protocols.acme.calls import AccountCall, Call
from emca_daemon.protocols.acme.endpoint import Endpoint
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem, malformed, unauthorized
from emca_daemon.protocols.acme.identifiers import base_of
from emca_daemon.protocols.acme.ports import Writing
from emca_daemon.protocols.acme.replies import Reply
from emca_daemon.protocols.acme.star import star_refusal
from emca_daemon.protocols.json_text import read_base64url

_REASONS = frozenset(
    {
        RevocationReason.UNSPECIFIED,
        RevocationReason.KEY_COMPROMISE,
        RevocationReason.AFFILIATION_CHANGED,
        RevocationReason.SUPERSEDED,
        RevocationReason.CESSATION_OF_OPERATION,
        RevocationReason.PRIVILEGE_WITHDRAWN,
    }
)
"""What a subscriber may give: not a CA's compromise, no hold, no removal from a delta CRL."""


def revoke_cert(call: Call) -> Reply:
    """Revoke a certificate for the account that ordered it, an account that controls all its names, or its own key."""
    payload = call.payload()
    der = read_base64url(payload.get("certificate"), "the member `certificate`")
    reason = _reason(payload.get("reason"))
    with call.endpoint.store.writing() as tx:
        call.spend_nonce(tx)
        record = tx.certificates.find_by_fingerprint(sha256(der).digest())
        if record is None:
            raise Refused(Reason.UNKNOWN_CERTIFICATE, "this server has not issued that certificate")
        intent = record.intent
        refused = _refusal(call, tx, record)
        if refused is not None:
            subject = f"{intent.issuer}/{serial_text(intent.serial)}"
            tx.audit.append(call.refused_event("certificate.revoke", subject, refused))
        elif call.endpoint.settings.star.offered and tx.acme.is_star_certificate(intent.issuer, intent.serial):
            raise star_refusal("RevocationNotSupported", "certificates that are renewed automatically are canceled")
    if refused is not None:
        raise refused
    # Whoever signs with the certificate's key proves to have it: if it is compromised, nobody may use it.
    proved = not isinstance(call, AccountCall)
    call.endpoint.revoking.revoke(intent.issuer, intent.serial, reason, call.requester(), key_proved=proved)
    return Reply(200)


def _reason(value: object) -> RevocationReason:
    if value is None:
        return RevocationReason.UNSPECIFIED
    if not isinstance(value, int) or isinstance(value, bool):
        raise malformed("the member `reason` is not an integer")
    for reason in _REASONS:
        if reason.value == value:
            return reason
    allowed = ", ".join(str(number) for number in sorted(reason.value for reason in _REASONS))
    raise AcmeRefusal(Problem("badRevocationReason", f"the reason must be one of {allowed}"))


def _refusal(call: Call, tx: Writing, record: CertificateRecord) -> Refused | None:
    if not _may_revoke(call, tx, record):
        return unauthorized("neither the account nor the key may revoke that certificate")
    if record.intent.not_after < call.now:
        return unauthorized("the certificate has expired")
    return None


def _may_revoke(call: Call, tx: Writing, record: CertificateRecord) -> bool:
    if not isinstance(call, AccountCall):
        return call.key.fingerprint == record.intent.key_fingerprint
    if record.intent.protocol == "acme" and record.intent.requester == call.identity:
        return True
    if record.intent.issuer not in _issuers(call.endpoint):
        return False  # what was proved here says nothing to those who asked elsewhere
    names = record.intent.names
    found = tx.acme.valid_authorizations(call.account.id, [base_of(name) for name in names], call.now)
    return bool(names) and _covers((one.name for one in found), names)


def _issuers(endpoint: Endpoint) -> frozenset[IssuerName | None]:
    """The issuers whose certificates are ordered at this endpoint."""
    if endpoint.settings.issuer is not None:
        return frozenset({endpoint.settings.issuer})
    return frozenset(endpoint.enrollment.profile(name).issuer for name in endpoint.settings.every_profile)


def _covers(controlled: Iterable[object], names: tuple[object, ...]) -> bool:
    return set(names) <= set(controlled)
