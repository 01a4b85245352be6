"""device-attest-01: a device shows by an attestation which key is its own (draft-ietf-acme-device-attest)."""

from emca_daemon.protocols.acme.answering import Proof, Response
from emca_daemon.protocols.acme.attestation.judging import judge
from emca_daemon.protocols.acme.attestation.statements import Asked
from emca_daemon.protocols.acme.challenges import key_authorization
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem
from emca_daemon.protocols.json_text import read_base64url


def judge_attestation(response: Response) -> Proof | Problem:
    """Judge the attestation in a response; raises malformed where there is none."""
    data = read_base64url(response.payload.get("attObj"), "the member `attObj`")
    call, token = response.call, response.challenge.token
    asked = Asked(token, key_authorization(token, call.key.thumbprint))
    try:
        found = judge(data, call.endpoint.attestation_roots, asked, response.authorization.identifier, call.now)
    except AcmeRefusal as refused:
        return refused.problem
    return Proof({"format": found.format, "key": found.key_fingerprint.hex()}, attested_key=found.key_fingerprint)
