"""Proof of possession by challenge and response (RFC 9810 5.2.8.3.3): who can decrypt a number answers it."""

import hmac
from dataclasses import replace
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import padding, rsa

from emca_daemon.asn1.cmp import Body
from emca_daemon.asn1.cmp_challenges import challenge_content, challenge_responses, rand
from emca_daemon.asn1.cmp_status import FailInfo
from emca_daemon.protocols.cmp.calls import Answer, Call
from emca_daemon.protocols.cmp.errors import Failure
from emca_daemon.protocols.cmp.issuance import new_transaction, open_transaction
from emca_daemon.protocols.cmp.key_delivery import enveloped_for_key, readable_key
from emca_daemon.protocols.cmp.records import Challenge, Stage
from emca_daemon.protocols.cmp.requests import Wanted

_NUMBER_OCTETS = 16
_VERSION_WITH_ENVELOPES = 3


def challenge(call: Call, wanted: Wanted) -> Answer:
    """Popdecc, and a transaction that waits for its answer; nothing is issued before. Raises Failure or Refused.

    The number is encrypted by RSA PKCS #1 for who speaks version 2, where key and number allow it, else enveloped.
    """
    assert wanted.request is not None
    endpoint = call.endpoint
    number = int.from_bytes(endpoint.random(_NUMBER_OCTETS))
    content, integer = rand(number, endpoint.signers.current().sender)
    public_key = wanted.request.template.public_key
    witness = sha256(integer).digest()
    bare = _transported(content, public_key) if call.message.header.pvno < _VERSION_WITH_ENVELOPES else None
    enveloped = None
    if bare is None:
        enveloped = enveloped_for_key(content, public_key, wanted.request_id, endpoint.random)
    opened = new_transaction(call, Stage.CHALLENGED, endpoint.settings.confirm_within, wanted.request_id)
    # The message is kept as it was protected, which is a message again: header and body
    kept = Challenge(witness, call.message.protected, call.origin.label)
    with endpoint.store.writing() as tx:
        open_transaction(tx, replace(opened, challenge=kept), endpoint.settings.open_transactions)
    pvno = 2 if enveloped is None else _VERSION_WITH_ENVELOPES
    return Answer(Body.POPDECC, challenge_content(witness, bare or b"", enveloped), pvno=pvno)


def check_response(content: bytes, kept: Challenge) -> None:
    """Whether a POPODecKeyRespContent answers the challenge; raises Failure, Refused(MALFORMED)."""
    answered = challenge_responses(content)
    if len(answered) != 1:
        raise Failure(FailInfo.BAD_REQUEST, "one challenge is to be answered")
    if not hmac.compare_digest(sha256(answered[0]).digest(), kept.witness):
        raise Failure(FailInfo.BAD_POP, "that is not the number in the challenge")


def _transported(content: bytes, public_key: bytes | None) -> bytes | None:
    """Encrypted by RSA PKCS #1; None for keys of another kind, or that are too short for the content."""
    key = readable_key(public_key)
    if not isinstance(key, rsa.RSAPublicKey):
        return None
    try:
        return key.encrypt(content, padding.PKCS1v15())
    except ValueError:
        return None
