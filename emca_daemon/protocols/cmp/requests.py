"""What a request for a certificate asks for, as policy wants to know it; proofs of possession (RFC 9483 4.1, 5.1.1)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_public_key

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp import Body, name_in
from emca_daemon.asn1.cmp_status import FailInfo
from emca_daemon.asn1.crmf import (
    CertificateRequest,
    CertificateTemplate,
    Proof,
    ProofMethod,
    as_certification_request,
    certificate_requests,
)
from emca_daemon.asn1.pkcs10 import version_of
from emca_daemon.asn1.signature_algorithms import verify_signature
from emca_daemon.ca.client_keys import GeneratedKey, public_bytes
from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.csr import facts_proved_elsewhere, read_csr
from emca_daemon.policy.facts import RequestedExtension, RequestFacts
from emca_daemon.protocols.cmp.calls import Call
from emca_daemon.protocols.cmp.credentials import Kind
from emca_daemon.protocols.cmp.errors import Failure
from emca_daemon.protocols.cmp.key_delivery import asks_for_key, readable_key
from emca_daemon.protocols.cmp.key_delivery import made_key as made_key_for
from emca_daemon.protocols.cmp.private_proofs import check_private_proof

_SUBJECT_ALTERNATIVE_NAME = "2.5.29.17"
_BASIC_CONSTRAINTS = "2.5.29.19"
_KEY_USAGE = "2.5.29.15"
_EXTENDED_KEY_USAGE = "2.5.29.37"
_POWERS = tuple(map(der.oid, ("1.3.6.1.5.5.7.3.27", "1.3.6.1.5.5.7.3.28", "1.3.6.1.5.5.7.3.32")))
"""cmcCA, cmcRA and cmKGA: nobody becomes a registration authority by asking for it."""
_P10CR_REQUEST_ID = -1
_CERTIFICATE_VERSION_3 = 2
_NULL_NAME = der.sequence()
_ENCRYPTED_CERTIFICATE = der.implicit(1, bytes((0,)))
_CHALLENGE = der.implicit(1, bytes((1,)))
"""POPOPrivKey: subsequentMessage, encrCert and challengeResp."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A certificate asked for: its facts, the certReqId to answer with, and whether subject and names were given.

    `made_key` is the key that was made for the client, if it asked for one; `encrypted` says that only the holder of
    the key may read the certificate, since nothing else proves possession (RFC 9810 5.2.8.3.2), `challenged` that it
    must decrypt something before it gets one (5.2.8.3.3).
    """

    facts: RequestFacts
    request_id: int
    request: CertificateRequest | None = None
    has_subject: bool = True
    has_names: bool = True
    made_key: GeneratedKey | None = None
    encrypted: bool = False
    challenged: bool = False


def wanted_by_crmf(call: Call, *, update: bool) -> Wanted:
    """The one request of an ir, cr or kur, its possession proved; raises Failure or Refused.

    An update may leave subject and names out: they stay as they are then.
    """
    requests = certificate_requests(call.message.body)
    if len(requests) != 1:
        raise Failure(FailInfo.BAD_REQUEST, "one certificate is asked for in a message")
    (request,) = requests
    template = request.template
    if request.id != 0:
        raise Failure(FailInfo.BAD_REQUEST, "the certReqId is 0")
    _check_template(template, update=update)
    if call.endpoint.settings.strict:
        _check_strictly(template, crossing=call.message.type is Body.CCR)
    made_key, proved_by = None, ""
    encrypted, challenged = _is_proved_by(request, _ENCRYPTED_CERTIFICATE), _is_proved_by(request, _CHALLENGE)
    if asks_for_key(template):
        if call.message.type is Body.CCR:
            lacking = FailInfo.BAD_POP if request.proof is None else FailInfo.BAD_CERT_TEMPLATE
            raise Failure(lacking, "a cross-certificate is for the key of another CA")
        made_key = made_key_for(call, request)
        template = replace(template, public_key=public_bytes(made_key))
    elif encrypted or challenged:
        readable_key(template.public_key)
    else:
        proved_by = _check_proof(call, request)
    asked = as_certification_request(template)
    with _as_of_template():
        facts = facts_proved_elsewhere(asked, call.requester, proved_by, call.endpoint.weak_keys)
    if call.message.type is not Body.CCR:  # which is for authorities, and the profile says what they may be
        _check_powers(facts.extensions)
    facts = replace(facts, not_before=template.not_before, not_after=template.not_after)
    names = any(one.oid == _SUBJECT_ALTERNATIVE_NAME for one in template.extensions)
    has_subject = template.subject is not None
    return Wanted(facts, request.id, request, has_subject, names, made_key, encrypted, challenged)


def wanted_by_pkcs10(call: Call) -> Wanted:
    """The request of a p10cr, its signature verified; raises Failure or Refused."""
    if version_of(call.message.body) != 0:
        raise Failure(FailInfo.BAD_CERT_TEMPLATE, "requests of PKCS #10 have the version 0")
    with _as_of_template():
        facts = read_csr(call.message.body, call.requester, call.endpoint.weak_keys)
    if not facts.subject and not facts.names:
        raise Failure(FailInfo.BAD_CERT_TEMPLATE, "a certificate needs a subject or an alternative name")
    _check_powers(facts.extensions)
    return Wanted(facts, _P10CR_REQUEST_ID)


@contextmanager
def _as_of_template() -> Iterator[None]:
    """What can be read as far as its frame, but no further, is a matter of the template."""
    try:
        yield
    except Refused as refusal:
        if refusal.reason is not Reason.MALFORMED:
            raise
        raise Failure(FailInfo.BAD_CERT_TEMPLATE, refusal.detail) from refusal


def _check_strictly(template: CertificateTemplate, *, crossing: bool) -> None:
    """What is the CA's to choose is left out (RFC 4211 5); another CA says everything else (RFC 9810 D.6)."""
    if template.serial is not None or template.names_unique_ids or (template.names_algorithm and not crossing):
        raise Failure(FailInfo.BAD_CERT_TEMPLATE, "serial number, signature algorithm and unique ids are the CA's")
    said = (template.version, template.issuer, template.not_before, template.not_after)
    if crossing and not (template.names_algorithm and all(one is not None for one in said)):
        raise Failure(FailInfo.BAD_CERT_TEMPLATE, "version, signature algorithm, issuer or validity is missing")


def _check_template(template: CertificateTemplate, *, update: bool) -> None:
    if template.version not in (None, _CERTIFICATE_VERSION_3):
        raise Failure(FailInfo.BAD_CERT_TEMPLATE, "certificates have version 3")
    if update:
        return
    if template.subject is None:
        raise Failure(FailInfo.BAD_CERT_TEMPLATE, "the subject is missing")
    if template.subject == _NULL_NAME and not any(e.oid == _SUBJECT_ALTERNATIVE_NAME for e in template.extensions):
        raise Failure(FailInfo.BAD_CERT_TEMPLATE, "a certificate needs a subject or an alternative name")


def _is_proved_by(request: CertificateRequest, later: bytes) -> bool:
    """Whether the proof is to come in that way, by who can decrypt what only the key's holder can read."""
    proof = request.proof
    indirect = (ProofMethod.KEY_ENCIPHERMENT, ProofMethod.KEY_AGREEMENT)
    return proof is not None and proof.method in indirect and proof.content == later


def _check_proof(call: Call, request: CertificateRequest) -> str:
    """The name of the algorithm that proved possession; empty where an RA vouches for it, or no signature does."""
    proof = request.proof
    if proof is None:
        raise Failure(FailInfo.BAD_POP, "the proof of possession is missing")
    if proof.method is ProofMethod.RA_VERIFIED:
        if call.credential.kind is not Kind.RA:
            raise Failure(FailInfo.NOT_AUTHORIZED, "only a registration authority may vouch for possession")
        return ""
    if proof.algorithm is None:
        if call.message.type is Body.CCR:
            raise Failure(FailInfo.BAD_POP, "the key of a CA signs, and is shown to no other")
        check_private_proof(call, request, proof)
        return ""
    signed, key = _signed_by_proof(call, request, proof), _public_key(request.template)
    try:
        return verify_signature(key, proof.algorithm, proof.signature, signed)
    except Refused as refusal:
        if refusal.reason is Reason.ALGORITHM_REFUSED:
            raise Failure(FailInfo.BAD_ALG, refusal.detail) from refusal
        raise Failure(FailInfo.BAD_POP, refusal.detail) from refusal


def _signed_by_proof(call: Call, request: CertificateRequest, proof: Proof) -> bytes:
    """What the proof is a signature over (RFC 4211 4.1): the request, or the input for one that lacks the subject."""
    given = proof.signing_input
    if given is None:
        return request.encoded
    complete = request.template.subject is not None
    sender = None if given.sender is None else name_in(given.sender)
    if complete or given.public_key != request.template.public_key or sender != name_in(call.message.header.sender):
        raise Failure(FailInfo.BAD_POP, "poposkInput is for requests without a subject, and names the sender")
    return given.encoded


def _public_key(template: CertificateTemplate) -> PublicKeyTypes:
    try:
        return load_der_public_key(template.public_key or b"")
    except UnsupportedAlgorithm as error:
        raise Failure(FailInfo.BAD_CERT_TEMPLATE, "the key is of a kind that is not supported") from error
    except (ValueError, TypeError) as error:
        raise Failure(FailInfo.BAD_CERT_TEMPLATE, "the key cannot be read") from error


def _check_powers(extensions: Sequence[RequestedExtension]) -> None:
    """What makes somebody an authority is given by profiles, never by request."""
    for extension in extensions:
        value = extension.value
        power = (
            (extension.oid == _BASIC_CONSTRAINTS and der.TRUE in value)
            or (extension.oid == _KEY_USAGE and len(value) > 3 and bool(value[3] & 0x06))
            or (extension.oid == _EXTENDED_KEY_USAGE and any(purpose in value for purpose in _POWERS))
        )
        if power:
            raise Failure(FailInfo.NOT_AUTHORIZED, "a certificate of an authority is not given by request")
