"""Tests of emca_daemon.asn1.pkcs10."""

from contextlib import suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.asn1 import ber, der, pkcs10
from emca_daemon.errors import Reason, Refused
from tests.support.cms_world import key, recorded, rsa_key


def request(kind: str = "rsa", *, pss: bool = False) -> bytes:
    """A request that cryptography wrote."""
    private = key(kind)
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "device")])
    )
    builder = builder.add_attribute(x509.ObjectIdentifier(pkcs10.CHALLENGE_PASSWORD), b"secret")
    plain = kind.startswith(("rsa", "p-"))
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if pss else None
    return builder.sign(private, hashes.SHA256() if plain else None, rsa_padding=scheme).public_bytes(Encoding.DER)


def with_challenge(*values: bytes) -> bytes:
    """A request whose challengePassword has these values, signed."""
    attribute = der.sequence(der.oid(pkcs10.CHALLENGE_PASSWORD), der.tlv(0x31, b"".join(values)))
    return with_attributes(attribute)


def with_attributes(*attributes: bytes) -> bytes:
    """A request with these attributes, in that order, signed."""
    return signed_anew(attributes=der.explicit(0, b"".join(attributes)))


def signed_anew(
    *, attributes: bytes, subject: bytes | None = None, digest: hashes.HashAlgorithm | None = None, oid: str = ""
) -> bytes:
    """A request with this field of attributes; subject and signature algorithm are others where they are given."""
    parts = ber.elements(ber.element(request()).content)
    version, name, key_info = (part.encoded for part in ber.elements(parts[0].content)[:3])
    signed = der.sequence(version, subject or name, key_info, attributes)
    algorithm = der.sequence(der.oid(oid), der.NULL) if oid else parts[1].encoded
    signature = rsa_key().sign(signed, padding.PKCS1v15(), digest or hashes.SHA256())
    return der.sequence(signed, algorithm, der.bit_string(signature))


def refused(data: bytes) -> Reason:
    """Why that is refused."""
    with pytest.raises(Refused) as caught:
        pkcs10.read_request(data)
    return caught.value.reason


def test_versions() -> None:
    """What is claimed, in DER and in BER; what has none is refused."""
    assert pkcs10.version_of(request()) == 0
    claimed = der.sequence(der.sequence(der.integer(2)), b"")
    assert pkcs10.version_of(claimed) == 2
    assert pkcs10.version_of(b"\x30\x80" + der.sequence(der.integer(1)) + b"\x00\x00") == 1
    for broken in (b"", der.NULL, der.sequence(), der.sequence(der.sequence()), der.sequence(der.sequence(der.NULL))):
        with pytest.raises(Refused) as caught:
            pkcs10.version_of(broken)
        assert caught.value.reason is Reason.MALFORMED


def test_attributes_out_of_order_are_read_and_verified_as_sent() -> None:
    """As strongSwan writes them: extensionRequest before challengePassword."""
    data = recorded("strongswan-unsorted-attrs.csr.der")
    with pytest.raises(ValueError, match="SetOrdering"):
        x509.load_der_x509_csr(data)
    read = pkcs10.read_request(data)
    assert read.is_signature_valid()
    assert read.challenge_password == b"secret"
    assert len(list(read.ordered.extensions)) == 1
    changed = data[:-1] + bytes((data[-1] ^ 1,))
    assert not pkcs10.read_request(changed).is_signature_valid()


@pytest.mark.parametrize("kind", ["rsa", "p-256", "ed25519", "ed448", "ml-dsa-44"])
def test_keys_of_every_kind_prove_possession(kind: str) -> None:
    """And DER is kept as it is."""
    data = request(kind)
    read = pkcs10.read_request(data)
    assert (read.encoded, read.is_signature_valid(), read.challenge_password) == (data, True, b"secret")


def test_pss_is_verified() -> None:
    """As cryptography reads its parameters."""
    assert pkcs10.read_request(request(pss=True)).is_signature_valid()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (der.tlv(0x13, b"secret"), b"secret"),
        (der.tlv(0x0C, "sécret".encode()), "sécret".encode()),
        (der.tlv(0x16, b"secret"), b"secret"),
        (der.tlv(0x14, b"secr\xe9t"), b"secr\xe9t"),
        (der.tlv(0x1E, "sécret".encode("utf-16-be")), "sécret".encode()),
        (der.tlv(0x1C, "sécret".encode("utf-32-be")), "sécret".encode()),
        (der.tlv(0x13, b""), b""),
        (der.tlv(0x13, b" secret "), b" secret "),
    ],
)
def test_the_challenge_may_be_any_string(value: bytes, text: bytes) -> None:
    """Nothing is trimmed."""
    assert pkcs10.read_request(with_challenge(value)).challenge_password == text


def test_a_challenge_that_is_none_is_refused() -> None:
    """No string, no value, two values, half a character."""
    for values in ((der.NULL,), (), (der.tlv(0x13, b"a"), der.tlv(0x13, b"b")), (der.tlv(0x1E, b"\xd8\x00"),)):
        assert refused(with_challenge(*values)) is Reason.MALFORMED


def test_requests_without_attributes_are_read() -> None:
    """With an empty set, and with none at all."""
    for data in (with_attributes(), signed_anew(attributes=b"")):
        read = pkcs10.read_request(data)
        assert (read.challenge_password, read.attributes, read.is_signature_valid()) == (None, {}, True)
        assert read.encoded == data


def test_a_subject_in_the_wrong_string_type_is_read() -> None:
    """A host name with an underscore as PrintableString, as routers write it."""
    name = der.sequence(der.tlv(0x31, der.sequence(der.oid("2.5.4.3"), der.tlv(0x13, b"R1_core"))))
    read = pkcs10.read_request(signed_anew(attributes=der.explicit(0, b""), subject=name))
    assert (read.ordered.subject.rfc4514_string(), read.is_signature_valid()) == ("CN=R1_core", True)


@pytest.mark.parametrize(
    ("digest", "oid"), [(hashes.SHA1(), "1.2.840.113549.1.1.5"), (hashes.MD5(), "1.2.840.113549.1.1.4")]
)
def test_old_digests_are_verified_for_policy_to_judge(digest: hashes.HashAlgorithm, oid: str) -> None:
    """Right where it is right, wrong where it is wrong."""
    data = signed_anew(attributes=der.explicit(0, b""), digest=digest, oid=oid)
    assert pkcs10.read_request(data).is_signature_valid()
    assert not pkcs10.read_request(data[:-1] + bytes((data[-1] ^ 1,))).is_signature_valid()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        der.NULL,
        der.sequence(der.NULL, der.NULL, der.NULL),
        der.sequence(der.sequence(), der.sequence(), der.bit_string(b"")),
        der.octet_string(bytes(70_000)),
        with_attributes(der.NULL),
        request()[:-1],
    ],
)
def test_what_is_no_request_is_refused(data: bytes) -> None:
    """Whatever it is."""
    assert refused(data) is Reason.MALFORMED


def test_signatures_of_another_kind_are_refused() -> None:
    """An EC signature algorithm on an RSA key, and the other way round; one that nobody knows."""
    rsa_parts, ec_parts = (ber.elements(ber.element(request(kind)).content) for kind in ("rsa", "p-256"))
    unknown = der.sequence(der.oid("1.2.3.4"))
    for information, algorithm in (
        (rsa_parts[0].encoded, ec_parts[1].encoded),
        (ec_parts[0].encoded, rsa_parts[1].encoded),
        (rsa_parts[0].encoded, unknown),
    ):
        mixed = pkcs10.read_request(der.sequence(information, algorithm, rsa_parts[2].encoded))
        with pytest.raises(Refused) as caught:
            mixed.is_signature_valid()
        assert caught.value.reason is Reason.ALGORITHM_REFUSED


def test_keys_that_sign_nothing_are_refused() -> None:
    """X25519 only agrees."""
    parts = ber.elements(ber.element(request()).content)
    information = ber.elements(parts[0].content)
    spki = der.sequence(der.sequence(der.oid("1.3.101.110")), der.bit_string(bytes(31) + b"\x09"))
    mixed = der.sequence(
        der.sequence(information[0].encoded, information[1].encoded, spki, information[3].encoded),
        parts[1].encoded,
        parts[2].encoded,
    )
    with pytest.raises(Refused) as caught:
        pkcs10.read_request(mixed).is_signature_valid()
    assert caught.value.reason is Reason.ALGORITHM_REFUSED


@given(st.data())
def test_changed_octets_give_a_refusal_or_a_request(data: st.DataObject) -> None:
    """Nothing else is raised, its signature included."""
    octets = bytearray(recorded("strongswan-unsorted-attrs.csr.der"))
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    with suppress(Refused):
        pkcs10.read_request(bytes(octets)).is_signature_valid()


def test_a_request_is_loaded_in_order() -> None:
    """Whether it was so or not; what is none is refused."""
    data = recorded("strongswan-unsorted-attrs.csr.der")
    assert pkcs10.load_request(data).subject == pkcs10.read_request(data).ordered.subject
    assert pkcs10.load_request(request()).is_signature_valid
    with pytest.raises(Refused):
        pkcs10.load_request(b"no")
