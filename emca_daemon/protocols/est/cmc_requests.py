"""The requests inside of a full CMC request: PKCS #10 and CRMF into facts (RFC 5272 3.2.1.2)."""

from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmc import RequestKind, TaggedRequest
from emca_daemon.asn1.crmf import CertificateRequest, ProofMethod, as_certification_request, certificate_requests
from emca_daemon.asn1.signature_algorithms import verify_signature
from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.csr import facts_proved_elsewhere
from emca_daemon.policy.facts import Requester, RequestFacts
from emca_daemon.policy.weak_keys import WeakKeys
from emca_daemon.protocols.est.requests import ISSUERS_OWN, EnrollmentRequest, read_request


def read_tagged(
    request: TaggedRequest, requester: Requester, weak_keys: WeakKeys, *, needs_names: bool, agent: bool
) -> EnrollmentRequest:
    """One request; `agent` says that the signer may vouch for others' keys (raVerified).

    Raises Refused: BAD_PROOF_OF_POSSESSION where the proof is wrong or missing, MALFORMED, KEY_REFUSED, and so on.
    """
    if request.kind is RequestKind.PKCS10:
        return read_request(request.encoded, requester, weak_keys, needs_names=needs_names)
    if request.kind is RequestKind.OTHER:
        raise Refused(Reason.MALFORMED, "requests are PKCS #10 or CRMF")
    read = certificate_requests(der.sequence(request.encoded))[0]
    facts = template_facts(read, requester, weak_keys, agent=agent)
    return EnrollmentRequest(read.encoded, facts, None, {})


def template_facts(
    request: CertificateRequest, requester: Requester, weak_keys: WeakKeys, *, agent: bool
) -> RequestFacts:
    """The facts of a CRMF request, its proof of possession verified (RFC 4211 4)."""
    template = request.template
    if template.public_key is None or template.subject is None:
        raise Refused(Reason.MALFORMED, "a template needs a subject and a public key")
    facts = facts_proved_elsewhere(as_certification_request(template), requester, "", weak_keys)
    return replace(
        facts,
        request_signature=_verified(request, facts.key.public_key, agent=agent),
        extensions=tuple(one for one in facts.extensions if one.oid not in ISSUERS_OWN),
        not_before=template.not_before,
        not_after=template.not_after,
    )


def _verified(request: CertificateRequest, key: CertificatePublicKeyTypes, *, agent: bool) -> str:
    """The name of the algorithm of the proof's signature; empty where an agent vouches for it."""
    proof = request.proof
    if proof is not None and proof.method is ProofMethod.RA_VERIFIED and agent:
        return ""
    if proof is None or proof.method is not ProofMethod.SIGNATURE or proof.algorithm is None:
        raise Refused(Reason.BAD_PROOF_OF_POSSESSION, "possession of the key must be proved by a signature")
    signed = request.encoded
    if proof.signing_input is not None:
        if proof.signing_input.public_key != request.template.public_key:
            raise Refused(Reason.BAD_PROOF_OF_POSSESSION, "the proof of possession is of another key")
        signed = proof.signing_input.encoded
    try:
        return verify_signature(key, proof.algorithm, proof.signature, signed)
    except Refused as refused:
        if refused.reason is Reason.BAD_INTEGRITY:
            raise Refused(Reason.BAD_PROOF_OF_POSSESSION, "the proof of possession is wrong") from None
        raise
