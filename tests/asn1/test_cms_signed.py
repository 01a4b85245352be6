"""Tests of emca_daemon.asn1.cms_signed."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.asn1 import cms, cms_signed, cms_signing, der
from emca_daemon.asn1.cms_algorithms import DIGEST_OIDS, MODERN_DIGESTS, digest
from emca_daemon.errors import Reason, Refused
from tests.support.cms_world import certificate, der_of, key, recorded, rsa_key


def attribute(oid: str, *values: bytes) -> bytes:
    """An Attribute."""
    return der.sequence(der.oid(oid), der.tlv(0x31, b"".join(values)))


CONTENT_TYPE = attribute(cms.CONTENT_TYPE, der.oid(cms.DATA))
MESSAGE_DIGEST = attribute(cms.MESSAGE_DIGEST, der.octet_string(digest("sha256", b"content")))


def message(
    attributes: bytes | None,
    signed: bytes,
    *,
    identifier: bytes | None = None,
    content: bytes = b"content",
    certificates: bytes | None = None,
    signers: int = 1,
) -> bytes:
    """SignedData put together by hand; the signature is over `signed`."""
    signer_info = der.sequence(
        der.integer(1),
        identifier or cms.issuer_and_serial(certificate()),
        der.sequence(der.oid(DIGEST_OIDS["sha256"])),
        b"" if attributes is None else der.explicit(0, attributes),
        der.sequence(der.oid("1.2.840.113549.1.1.1"), der.NULL),
        der.octet_string(rsa_key().sign(signed, padding.PKCS1v15(), hashes.SHA256())),
    )
    return cms.write_content_info(
        cms.SIGNED_DATA,
        der.sequence(
            der.integer(1),
            der.tlv(0x31, b""),
            der.sequence(der.oid(cms.DATA), der.explicit(0, der.octet_string(content))),
            der.explicit(0, certificates if certificates is not None else der_of()),
            der.tlv(0x31, signer_info * signers),
        ),
    )


def verified(data: bytes) -> cms_signed.Signer:
    """The signer of a message once it was found right."""
    signed = cms_signed.read_signed_data(data)
    signer = signed.signers[0]
    public_key = cms_signed.public_key_of(signed.certificate_of(signer))
    cms_signed.verify_signer(signed, signer, public_key, MODERN_DIGESTS)
    return signer


def refused(data: bytes) -> Reason:
    """Why a message is refused."""
    with pytest.raises(Refused) as caught:
        verified(data)
    return caught.value.reason


@pytest.mark.parametrize("name", ["certmonger-pkcsreq.pem", "certmonger-gic.pem", "sscep-pkcsreq.pem"])
def test_messages_of_real_clients_are_right(name: str) -> None:
    """Those of certmonger and sscep."""
    assert verified(recorded(name)).digest == "sha256"


def test_indefinite_lengths_are_read() -> None:
    """As jscep streams: indefinite lengths and content in pieces."""
    assert verified(recorded("jscep-ber-indefinite.der")).digest == "sha512"


def test_old_digests_are_refused_unless_allowed() -> None:
    """The client scepclient signs with SHA-1."""
    signed = cms_signed.read_signed_data(recorded("scepclient-des-sha1.der"))
    signer = signed.signers[0]
    public_key = cms_signed.public_key_of(signed.certificate_of(signer))
    cms_signed.verify_signer(signed, signer, public_key, {"sha1"})
    assert refused(recorded("scepclient-des-sha1.der")) is Reason.ALGORITHM_REFUSED


def test_attributes_may_come_in_any_order() -> None:
    """The signature is over the octets as sent, or over their DER order."""
    in_order = b"".join(sorted((CONTENT_TYPE, MESSAGE_DIGEST)))
    out_of_order = b"".join(sorted((CONTENT_TYPE, MESSAGE_DIGEST), reverse=True))
    verified(message(out_of_order, der.tlv(0x31, out_of_order)))
    verified(message(out_of_order, der.tlv(0x31, in_order)))
    assert refused(message(in_order, der.tlv(0x31, out_of_order))) is Reason.BAD_INTEGRITY
    assert refused(message(out_of_order, b"other")) is Reason.BAD_INTEGRITY


def test_without_attributes_the_content_is_signed() -> None:
    """RFC 5652 5.4."""
    assert verified(message(None, b"content")).attribute(cms.CONTENT_TYPE) is None
    assert refused(message(None, b"other")) is Reason.BAD_INTEGRITY


def test_the_signer_may_be_named_by_key_identifier() -> None:
    """Or by issuer and serial; who is not enclosed cannot be checked."""
    identifier = cms.key_identifier(certificate())
    assert identifier is not None
    verified(message(None, b"content", identifier=der.implicit(0, identifier)))
    assert refused(message(None, b"content", identifier=der.implicit(0, b"nobody"))) is Reason.BAD_INTEGRITY
    assert refused(message(None, b"content", certificates=b"")) is Reason.BAD_INTEGRITY


def test_content_and_type_must_be_those_signed() -> None:
    """Both messageDigest and contentType are looked at."""
    content_type = attribute(cms.CONTENT_TYPE, der.oid(cms.SIGNED_DATA))
    for attributes in (CONTENT_TYPE, MESSAGE_DIGEST, content_type + MESSAGE_DIGEST):
        assert refused(message(attributes, der.tlv(0x31, attributes))) is Reason.BAD_INTEGRITY
    both = CONTENT_TYPE + MESSAGE_DIGEST
    assert refused(message(both, der.tlv(0x31, both), content=b"changed")) is Reason.BAD_INTEGRITY


def test_attributes_come_once_with_one_value() -> None:
    """Twice, none or two values are refused when it matters."""
    twice = CONTENT_TYPE + MESSAGE_DIGEST + CONTENT_TYPE
    assert refused(message(twice, der.tlv(0x31, twice))) is Reason.MALFORMED
    two = attribute(cms.CONTENT_TYPE, der.oid(cms.DATA), der.oid(cms.DATA)) + MESSAGE_DIGEST
    assert refused(message(two, der.tlv(0x31, two))) is Reason.MALFORMED


def test_detached_content_is_given() -> None:
    """Where it is not enclosed."""
    identity = cms_signing.SigningIdentity(certificate(), key())
    signed = cms_signed.read_signed_data(cms_signing.sign_data(b"content", identity))
    without = cms_signed.SignedData(signed.content_type, None, (), (), signed.signers)
    public_key = cms_signed.public_key_of(certificate())
    cms_signed.verify_signer(without, without.signers[0], public_key, MODERN_DIGESTS, b"content")
    with pytest.raises(Refused):
        cms_signed.verify_signer(without, without.signers[0], public_key, MODERN_DIGESTS)


def test_numbers_are_bounded() -> None:
    """Neither endless signers nor endless certificates."""
    assert refused(message(None, b"content", signers=cms.MAX_SIGNERS + 1)) is Reason.MALFORMED
    assert refused(message(None, b"content", certificates=der_of() * 65)) is Reason.MALFORMED


def test_certificates_that_are_none_are_refused_or_passed_over() -> None:
    """Attribute certificates are tagged and passed over; broken ones are refused."""
    verified(message(None, b"content", certificates=der.explicit(1, der.NULL) + der_of()))
    assert refused(message(None, b"content", certificates=der.sequence())) is Reason.MALFORMED


def test_other_content_is_refused() -> None:
    """Only SignedData is read."""
    assert refused(cms.write_content_info(cms.DATA, der.octet_string(b""))) is Reason.MALFORMED
    assert refused(cms.write_content_info(cms.SIGNED_DATA, der.octet_string(b""))) is Reason.MALFORMED


def test_keys_that_cannot_be_read_are_refused() -> None:
    """Whatever they are."""

    class Odd:
        def public_key(self) -> None:
            raise ValueError

    with pytest.raises(Refused) as caught:
        cms_signed.public_key_of(Odd())  # type: ignore[arg-type]
    assert caught.value.reason is Reason.KEY_REFUSED


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@given(st.data())
def test_changed_octets_give_a_refusal_or_a_message(data: st.DataObject) -> None:
    """Nothing else is raised, wherever a real message is changed or cut."""
    original = recorded(data.draw(st.sampled_from(["sscep-pkcsreq.pem", "jscep-ber-indefinite.der"])))
    position = data.draw(st.integers(0, len(original) - 1))
    changed = bytearray(original)
    changed[position] = data.draw(st.integers(0, 255))
    for octets in (bytes(changed), original[:position]):
        try:
            verified(octets)
        except Refused:
            continue
        assert octets == original or len(octets) == len(original)


def test_certificates_with_unreadable_names_are_refused() -> None:
    """They are parsed late, and must not surprise anybody then."""
    broken = der_of().replace(b"cms rsa", b"cms \xff\xfe\xfd")
    with pytest.raises(Refused) as caught:
        cms_signed.read_certificate(broken)
    assert caught.value.reason is Reason.MALFORMED


def test_a_certificate_is_found_beside_one_that_cannot_be_read() -> None:
    """Before or behind it; if it is that one, the message is malformed."""
    broken = der.sequence(der.integer(5))
    for certificates in (broken + der_of(), der_of() + broken):
        data = message(None, b"content", certificates=certificates)
        signed = cms_signed.read_signed_data(data)
        assert signed.certificate_of(signed.signers[0]) == certificate()
    assert refused(message(None, b"content", certificates=broken)) is Reason.MALFORMED


def test_names_may_be_overlooked() -> None:
    """A device's own certificate is known by issuer and serial number as they stand there, readable or not."""
    broken = der_of().replace(b"cms rsa", b"cms \xff\xfe\xfd")
    known = cms_signed.read_certificate(broken, any_names=True)
    assert b"\xff\xfe\xfd" in cms.issuer_of(known)
    assert cms.issuer_of(known) == cms.subject_of(known)
    assert cms.is_self_issued(known)
    signed = cms_signed.read_signed_data(
        message(None, b"content", certificates=broken, identifier=cms.issuer_and_serial(known))
    )
    assert signed.certificate_of(signed.signers[0], any_names=True) == known
    with pytest.raises(Refused) as caught:
        signed.certificate_of(signed.signers[0])
    assert caught.value.reason is Reason.MALFORMED


def test_a_name_that_stops_the_reader_is_read_from_a_copy() -> None:
    """A PrintableString with an underscore; issuer and serial number still name the signer."""
    spelt = der.tlv(0x0C, b"cms rsa")
    assert spelt in der_of()
    broken = der_of().replace(spelt, der.tlv(0x13, b"cms_rsa"))
    issuer = certificate().issuer.public_bytes().replace(spelt, der.tlv(0x13, b"cms_rsa"))
    with pytest.raises(ValueError, match="InvalidValue"):
        x509.load_der_x509_certificate(broken)
    named = der.sequence(issuer, der.integer(certificate().serial_number))
    signed = cms_signed.read_signed_data(message(None, b"content", certificates=broken, identifier=named))
    known = signed.certificate_of(signed.signers[0], any_names=True)
    assert known.subject.rfc4514_string().startswith("CN=cms_rsa")
    assert known.public_key() == certificate().public_key()
    with pytest.raises(Refused):
        signed.certificate_of(signed.signers[0])


@given(st.binary(max_size=80))
def test_any_octets_are_a_certificate_or_none(data: bytes) -> None:
    """Nothing else is raised."""
    for octets in (data, der.sequence(data), der.sequence(der.sequence(data))):
        with pytest.raises(Refused):
            cms_signed.read_certificate(octets, any_names=True)
