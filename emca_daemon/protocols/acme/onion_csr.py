"""onion-csr-01: a CSR signed by the key of a Tor hidden service, with a nonce of each side (RFC 9799 3.2)."""

from base64 import b64encode
from datetime import timedelta
from hmac import compare_digest

from cryptography.exceptions import UnsupportedAlgorithm
from josepy.b64 import b64decode

from emca_daemon.asn1 import ber
from emca_daemon.asn1.pkcs10 import CertificationRequest, read_request
from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.keys import key_fingerprint
from emca_daemon.protocols.acme.answering import Proof, Response
from emca_daemon.protocols.acme.errors import Problem
from emca_daemon.protocols.acme.onion import service_key
from emca_daemon.protocols.json_text import read_base64url

CA_SIGNING_NONCE = "2.23.140.41"
APPLICANT_SIGNING_NONCE = "2.23.140.42"
"""The attributes cabf-caSigningNonce and cabf-applicantSigningNonce."""

_LEAST_NONCE = 8
_MOST_NONCE = 1024
_NONCE_LIFETIME = timedelta(days=30)
_OCTET_STRING = 0x04


def nonce_of(token: str) -> bytes:
    """Our nonce: the random octets behind the challenge's token."""
    return b64decode(token)


def nonce_text(token: str) -> str:
    """The challenge's `nonce`: base64, neither its alphabet nor its padding that of URLs."""
    return b64encode(nonce_of(token)).decode()


def judge_onion_csr(response: Response) -> Proof | Problem:
    """Judge the CSR in a response; raises malformed where there is none."""
    der = read_base64url(response.payload.get("csr"), "the member `csr`")
    if response.call.now >= response.authorization.created + _NONCE_LIFETIME:
        return _unauthorized(f"the nonce is older than {_NONCE_LIFETIME.days} days")
    try:
        return _judge(read_request(der), response)
    except Refused as refused:
        return Problem("badCSR", refused.detail)


def _judge(request: CertificationRequest, response: Response) -> Proof | Problem:
    expected = key_fingerprint(service_key(response.authorization.identifier))
    try:
        fingerprint = key_fingerprint(request.ordered.public_key())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Refused(Reason.KEY_REFUSED, "the key of the CSR cannot be read") from error
    if not compare_digest(fingerprint, expected):
        return _unauthorized("the key of the CSR is not that of the hidden service")
    if not request.is_signature_valid():
        raise Refused(Reason.BAD_PROOF_OF_POSSESSION, "the signature of the CSR is wrong")
    if not compare_digest(_nonce(request, CA_SIGNING_NONCE, "caSigningNonce"), nonce_of(response.challenge.token)):
        return _unauthorized("the caSigningNonce of the CSR is not the nonce of this challenge")
    own = _nonce(request, APPLICANT_SIGNING_NONCE, "applicantSigningNonce")
    if not _LEAST_NONCE <= len(own) <= _MOST_NONCE:
        raise Refused(Reason.MALFORMED, f"an applicantSigningNonce has {_LEAST_NONCE} to {_MOST_NONCE} octets")
    return Proof({"key": expected.hex(), "applicant_nonce": own[:32].hex()})


def _nonce(request: CertificationRequest, oid: str, name: str) -> bytes:
    """The one octet string of an attribute; raises Refused(MALFORMED)."""
    values = request.attributes.get(oid, ())
    if len(values) != 1:
        raise Refused(Reason.MALFORMED, f"the CSR has no {name} of exactly one value")
    value = ber.element(values[0])
    if value.tag != _OCTET_STRING:
        raise Refused(Reason.MALFORMED, f"the {name} of the CSR is not an octet string")
    return value.content


def _unauthorized(detail: str) -> Problem:
    return Problem("unauthorized", detail, 403)
