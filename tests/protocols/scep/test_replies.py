"""Tests of emca_daemon.protocols.scep.replies."""

from dataclasses import replace

import pytest

from emca_daemon.asn1.cms_signing import SigningIdentity
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.scep import messages
from emca_daemon.protocols.scep.errors import FailInfo
from emca_daemon.protocols.scep.messages import read_pki_message
from emca_daemon.protocols.scep.replies import Denied, Granted, ReplyTo, Waiting, recipient_of, write_reply
from tests.support.cms_world import certificate, counted, der_of, key, recorded
from tests.support.scep_world import Reply, read_reply

MESSAGE = read_pki_message(recorded("sscep-pkcsreq.pem"))
TO = ReplyTo(MESSAGE, "sha256", "aes-128-cbc")
IDENTITY = SigningIdentity(certificate(), key())


def written(outcome: Granted | Waiting | Denied, to: ReplyTo = TO) -> Reply:
    """A reply, written and read."""
    return read_reply(write_reply(outcome, to, IDENTITY, [der_of()], counted))


def test_failures_say_why() -> None:
    """In a number and in words, with content that is there and empty."""
    reply = written(Denied(FailInfo.BAD_ALG, "x" * 1000))
    assert (reply.status, reply.fail_info, reply.text, reply.content) == ("2", "0", "x" * 500, b"")


def test_waiting_has_neither_certificate_nor_reason() -> None:
    """Content is there and empty as well."""
    reply = written(Waiting())
    assert (reply.status, reply.fail_info, reply.content) == ("3", None, b"")


def test_every_attribute_has_one_value_in_der_order() -> None:
    """IOS crashed on others; the request's identity and nonce come back."""
    reply = written(Granted((der_of(),)))
    assert all(len(values) == 1 for values in reply.attributes.values())
    assert reply.transaction_id == MESSAGE.transaction_id
    assert reply.recipient_nonce == MESSAGE.sender_nonce
    assert reply.sender_nonce == counted(16)
    assert messages.FAIL_INFO not in reply.attributes


def test_signatures_are_called_rsa_encryption() -> None:
    """In the digest that the client used."""
    reply = written(Waiting(), replace(TO, digest="sha1"))
    signer = reply.signed.signers[0]
    assert (signer.digest, signer.algorithm.oid) == ("sha1", "1.2.840.113549.1.1.1")


@pytest.mark.parametrize("kind", ["p-256", "ed25519"])
def test_other_keys_need_a_password(kind: str) -> None:
    """Or, for polls, a curve that agrees; else badAlg."""
    message = replace(MESSAGE, key=certificate(kind).public_key(), certificate=certificate(kind))
    with pytest.raises(Refused) as caught:
        recipient_of(ReplyTo(message, "sha256", "aes-128-cbc"))
    assert caught.value.reason is Reason.ALGORITHM_REFUSED
    assert recipient_of(ReplyTo(message, "sha256", "aes-128-cbc", b"secret"))
    if kind == "p-256":
        assert recipient_of(ReplyTo(message, "sha256", "aes-128-cbc", may_agree=True))
