"""Tests of emca_daemon.protocols.scep.messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.asn1 import cms_signing, der
from emca_daemon.asn1.cms_algorithms import MODERN_DIGESTS
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.scep import messages
from emca_daemon.protocols.scep.messages import MessageType, read_pki_message
from tests.support.cms_world import certificate, der_of, key, recorded

TYPE = der.tlv(0x13, b"19")
ID = der.tlv(0x13, b"id")


def message(attributes: dict[str, bytes], *, enclosed: bool = True) -> bytes:
    """A pkiMessage with these attributes."""
    identity = cms_signing.SigningIdentity(certificate(), key())
    return cms_signing.sign_data(b"", identity, attributes=attributes, certificates=[der_of()] if enclosed else [])


@pytest.mark.parametrize(
    ("name", "kind", "transaction_id"),
    [
        ("sscep-pkcsreq.pem", MessageType.PKCS_REQ, 32),
        ("certmonger-pkcsreq.pem", MessageType.PKCS_REQ, 77),
        ("certmonger-gic.pem", MessageType.CERT_POLL, 77),
        ("jscep-ber-indefinite.der", MessageType.PKCS_REQ, 40),
        ("scepclient-des-sha1.der", MessageType.PKCS_REQ, 28),
    ],
)
def test_messages_of_real_clients_are_read(name: str, kind: MessageType, transaction_id: int) -> None:
    """Hexadecimal, decimal and base64 transactionIDs; X.509 v1 signers; BER."""
    read = read_pki_message(recorded(name))
    assert (read.type, len(read.transaction_id), len(read.sender_nonce or b"")) == (kind, transaction_id, 16)
    assert read.self_signed == ("jscep" not in name)  # that one is a renewal
    read.verify(MODERN_DIGESTS | {"sha1"})


def test_unknown_types_are_told_later() -> None:
    """A CertRep can still say so."""
    for value in (b"99", b"\xff", b""):
        read = read_pki_message(message({messages.TRANSACTION_ID: ID, messages.MESSAGE_TYPE: der.tlv(0x13, value)}))
        assert (read.type, read.sender_nonce) == (None, None)
    assert read_pki_message(message({messages.TRANSACTION_ID: ID})).type is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        message({messages.MESSAGE_TYPE: TYPE}),
        message({messages.TRANSACTION_ID: der.tlv(0x13, b"")}),
        message({messages.TRANSACTION_ID: der.tlv(0x13, b"x" * 2000)}),
        message({messages.TRANSACTION_ID: der.NULL}),
        message({messages.TRANSACTION_ID: ID, messages.SENDER_NONCE: der.NULL}),
        message({messages.TRANSACTION_ID: ID, messages.SENDER_NONCE: der.octet_string(bytes(200))}),
        cms_signing.bundle([der_of()]),
    ],
)
def test_what_no_reply_can_answer_is_refused(data: bytes) -> None:
    """No message, no transactionID, no nonce that is one, no signer."""
    with pytest.raises(Refused) as caught:
        read_pki_message(data)
    assert caught.value.reason is Reason.MALFORMED


def test_the_signer_must_be_enclosed() -> None:
    """Its key is what the reply goes to."""
    with pytest.raises(Refused) as caught:
        read_pki_message(message({messages.TRANSACTION_ID: ID}, enclosed=False))
    assert caught.value.reason is Reason.BAD_INTEGRITY


def test_names_inside_are_read_or_refused() -> None:
    """IssuerAndSerialNumber and IssuerAndSubject."""
    name = certificate().issuer.public_bytes()
    assert messages.read_named_certificate(der.sequence(name, der.integer(7))) == messages.NamedCertificate(name, 7)
    messages.check_issuer_and_subject(der.sequence(name, name))
    for reads in (messages.read_named_certificate, messages.check_issuer_and_subject):
        for wrong in (b"", der.NULL, der.sequence(name), der.sequence(der.integer(1), name)):
            with pytest.raises(Refused):
                reads(wrong)


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@given(st.data())
def test_changed_octets_give_a_refusal_or_a_message(data: st.DataObject) -> None:
    """Nothing else is raised."""
    octets = bytearray(recorded("certmonger-pkcsreq.pem"))
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_pki_message(bytes(octets)).verify(MODERN_DIGESTS)
    except Refused:
        return
