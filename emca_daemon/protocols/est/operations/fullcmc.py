"""/fullcmc: full CMC requests and responses (RFC 7030 4.3, RFC 5272)."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1 import cmc, der
from emca_daemon.asn1.cmc import Control, PkiData, Status, StatusInfo, TaggedRequest
from emca_daemon.asn1.cms_signed import read_signed_data
from emca_daemon.asn1.cms_signing import SigningIdentity, sign_data
from emca_daemon.errors import Pending, Reason, Refused
from emca_daemon.protocols.est.authentication import Challenge, challenges
from emca_daemon.protocols.est.binding import check_binding
from emca_daemon.protocols.est.calls import Call
from emca_daemon.protocols.est.clients import Client
from emca_daemon.protocols.est.cmc_controls import check_controls, echoed
from emca_daemon.protocols.est.cmc_identity import identify
from emca_daemon.protocols.est.cmc_requests import read_tagged
from emca_daemon.protocols.est.cmc_retrieval import certificate, revocation_lists
from emca_daemon.protocols.est.cmc_revocation import revoke
from emca_daemon.protocols.est.errors import FAIL_INFO_OF, EstRefusal, retry_after_of, status_of
from emca_daemon.protocols.est.issuance import Certified, certify, queried
from emca_daemon.protocols.est.operations.simpleenroll import check_own_names
from emca_daemon.protocols.est.replies import Part, Reply
from emca_daemon.protocols.http import Headers

RESPONSE: Final = "application/pkcs7-mime; smime-type=CMC-response"
TYPES: Final = ("application/pkcs7-mime",)

_NONCE_SIZE: Final = 16


@dataclass(slots=True)
class _Outcome:
    """What the response will say."""

    statuses: list[StatusInfo] = field(default_factory=list)
    certificates: list[bytes] = field(default_factory=list)
    crls: list[bytes] = field(default_factory=list)
    http_status: int = 200
    retry_after: int | None = None


def fullcmc(call: Call) -> Reply:
    """The response; what is refused is told in it, except that HTTP authentication is missing (401)."""
    if not call.endpoint.settings.full_cmc:
        raise EstRefusal(404, "full CMC is not served here", reason=Reason.NOT_FOUND)
    signed = read_signed_data(call.body(TYPES))
    if signed.content_type != cmc.PKI_DATA or signed.content is None:
        raise Refused(Reason.MALFORMED, "the SignedData holds no PKIData")
    data = cmc.read_pki_data(signed.content)
    outcome = _Outcome()
    signer = call.endpoint.signer()  # nothing is carried out that could not be answered
    try:
        client = identify(call, signed, data)
        check_controls(data)
        _carry_out(call, client, data, outcome)
    except Challenge:
        raise
    except Refused as refused:
        _refuse(call, refused, _body_parts(data), outcome)
    return _respond(call, data, outcome, signer)


def _carry_out(call: Call, client: Client, data: PkiData, outcome: _Outcome) -> None:
    """Each request and each control that wants something done, one by one; the first is counted with the message."""
    for number, request in enumerate(data.requests):
        try:
            if number:
                call.count()
            _certified(call, request.body_part, _enroll(call, client, request), outcome)
        except Refused as refused:
            _refuse(call, refused, (request.body_part,), outcome)
    for control in data.controls:
        try:
            _obey(call, client, control, outcome)
        except Refused as refused:
            _refuse(call, refused, (control.body_part,), outcome)
    if not outcome.statuses:
        raise Refused(Reason.MALFORMED, "the message asks for nothing")


def _obey(call: Call, client: Client, control: Control, outcome: _Outcome) -> None:
    """What one control asks for; those that ask for nothing are passed over."""
    match control.oid:
        case cmc.QUERY_PENDING:
            token = cmc.octets(control.value).decode("ascii", "replace")
            _certified(call, control.body_part, queried(call, token), outcome)
            return
        case cmc.REVOKE_REQUEST:
            revoke(call, client, cmc.read_revoke_request(control.value))
        case cmc.GET_CERT:
            outcome.certificates.append(certificate(call, cmc.read_get_cert(control.value)))
        case cmc.GET_CRL:
            outcome.crls += revocation_lists(call, cmc.read_get_crl(control.value))
        case _:
            return
    outcome.statuses.append(StatusInfo(Status.SUCCESS, (control.body_part,)))


def _enroll(call: Call, client: Client, tagged: TaggedRequest) -> Certified | Pending:
    weak = call.endpoint.weak_keys
    request = read_tagged(tagged, call.requester, weak, needs_names=call.needs_names, agent=client.agent)
    check_binding(request.challenge, call.request.peer, client, call.endpoint.settings.proof_of_possession)
    check_own_names(call, client, request)
    return certify(call, request.facts)


def _certified(call: Call, body_part: int, result: Certified | Pending, outcome: _Outcome) -> None:
    if isinstance(result, Certified):
        outcome.statuses.append(StatusInfo(Status.SUCCESS, (body_part,)))
        outcome.certificates += result.chain
        return
    again = call.endpoint.clock() + call.endpoint.settings.retry_after
    pending = (result.request_id.encode(), again.replace(microsecond=0) + timedelta(seconds=1))
    outcome.statuses.append(StatusInfo(Status.PENDING, (body_part,), pending=pending))
    if outcome.http_status == 200:
        outcome.http_status = 202
        outcome.retry_after = int(call.endpoint.settings.retry_after.total_seconds())


def _refuse(call: Call, refused: Refused, body_parts: tuple[int, ...], outcome: _Outcome) -> None:
    call.note("fullcmc", refused)
    call.noted = False
    fail_info = FAIL_INFO_OF[refused.reason]
    outcome.statuses.append(StatusInfo(Status.FAILED, body_parts, str(refused)[:1000], fail_info))
    if outcome.http_status in (200, 202):
        outcome.http_status, outcome.retry_after = _status_of(call, refused), retry_after_of(refused)


def _status_of(call: Call, refused: Refused) -> int:
    """401 only where HTTP authentication would be looked at (RFC 9110 15.5.2)."""
    status = status_of(refused)
    return 403 if status == 401 and call.endpoint.settings.authentication == "certificate" else status


def _body_parts(data: PkiData) -> tuple[int, ...]:
    """Every part; 0 stands for the message itself (RFC 5272 3.2.2)."""
    requests = tuple(request.body_part for request in data.requests)
    return requests + tuple(control.body_part for control in data.controls) or (0,)


def _respond(call: Call, data: PkiData, outcome: _Outcome, signer: SigningIdentity) -> Reply:
    """Sign the response; nonces and transaction go back to the client."""
    controls = [(cmc.STATUS_INFO_V2, status.encode()) for status in outcome.statuses] + echoed(data)
    if any(oid == cmc.RECIPIENT_NONCE for oid, _ in controls):
        controls.append((cmc.SENDER_NONCE, der.octet_string(call.endpoint.random(_NONCE_SIZE))))
    certificates = [*outcome.certificates, signer.certificate.public_bytes(Encoding.DER)]
    response = sign_data(
        cmc.write_response(controls),
        signer,
        content_type=cmc.PKI_RESPONSE,
        certificates=certificates,
        crls=tuple(dict.fromkeys(outcome.crls)),
    )
    headers: Headers = ()
    if outcome.http_status == 401:
        headers = challenges(call.endpoint)
    if outcome.retry_after is not None:
        headers = (("Retry-After", str(outcome.retry_after)),)
    return Reply(outcome.http_status, (Part(RESPONSE, response),), headers)
