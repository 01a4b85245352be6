"""Tests of emca_daemon.policy.csr."""

import ipaddress
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, mldsa, mlkem, padding, rsa, x448, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.asn1 import der
from emca_daemon.asn1.pkcs10 import read_request
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.policy.csr import (
    _SIGNATURES,
    MAXIMUM_SIZE,
    facts_of_request,
    facts_proved_elsewhere,
    read_csr,
    with_common_name_among_names,
)
from emca_daemon.policy.facts import RequestFacts
from emca_daemon.policy.profile import SOUND_SIGNATURES, WEAK_SIGNATURES
from emca_daemon.policy.weak_keys import WeakKeys
from tests.support.policy_world import WHO, csr, dns, facts, private_key, rsa_key_info, subject

NAMED = x509.Name(
    [x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Example"), x509.NameAttribute(x509.NameOID.COMMON_NAME, "a")]
)


def read(data: bytes) -> RequestFacts:
    """The facts of a request."""
    return read_csr(data, WHO)


def refusal(data: bytes) -> Reason:
    """The reason for which a request is refused."""
    with pytest.raises(Refused) as caught:
        read(data)
    return caught.value.reason


def test_a_request_is_read_whole() -> None:
    """Subject, names without doubles, key, signature, extensions."""
    san = x509.SubjectAlternativeName(
        [x509.DNSName("A.example"), x509.DNSName("a.example"), x509.IPAddress(ipaddress.ip_address("192.0.2.1"))]
    )
    staple = x509.TLSFeature([x509.TLSFeatureType.status_request])
    found = read(csr(san, staple, name=NAMED))
    assert found.requester == WHO
    assert [attribute.value for attribute in found.subject] == ["Example", "a"]
    assert found.names == (*dns("a.example"), AlternativeName(NameType.IP, "192.0.2.1"))
    assert (found.key.parameter, found.request_signature) == ("p-256", "ecdsa-with-SHA256")
    assert [extension.oid for extension in found.extensions] == ["2.5.29.17", "1.3.6.1.5.5.7.1.24"]
    assert found.extensions[1].value == bytes.fromhex("3003020105")


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    """An RSA key."""
    return rsa.generate_private_key(65537, 2048)


BUILDER = x509.CertificateSigningRequestBuilder(x509.Name([]))


def test_signatures_are_called_by_their_names() -> None:
    """Each algorithm that can be verified, and PSS by its hash."""
    pss = padding.PSS(padding.MGF1(hashes.SHA384()), padding.PSS.DIGEST_LENGTH)
    signed = [
        BUILDER.sign(rsa_key(), hashes.SHA256()),
        BUILDER.sign(rsa_key(), hashes.SHA384(), rsa_padding=pss),
        BUILDER.sign(ec.generate_private_key(ec.SECP384R1()), hashes.SHA384()),
        BUILDER.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA3_256()),
        BUILDER.sign(ed25519.Ed25519PrivateKey.generate(), None),
        BUILDER.sign(ed448.Ed448PrivateKey.generate(), None),
        BUILDER.sign(mldsa.MLDSA44PrivateKey.generate(), None),
    ]
    assert [read(request.public_bytes(Encoding.DER)).request_signature for request in signed] == [
        "sha256WithRSAEncryption",
        "RSASSA-PSS-SHA384",
        "ecdsa-with-SHA384",
        "ecdsa-with-SHA3-256",
        "ed25519",
        "ed448",
        "ml-dsa-44",
    ]


def test_profiles_know_the_name_of_every_signature() -> None:
    """And of no other but SHAKE's, which only requests of CRMF are signed with."""
    hashes_of_pss = ("1", "224", "256", "384", "512", "3-256", "3-384", "3-512")
    with_pss = {*_SIGNATURES.values(), *(f"RSASSA-PSS-SHA{size}" for size in hashes_of_pss)}
    assert with_pss | {"ecdsa-with-shake128", "ecdsa-with-shake256"} == {*SOUND_SIGNATURES, *WEAK_SIGNATURES}


def test_known_weak_keys_are_asked_for() -> None:
    """The fingerprint decides."""
    data = csr()
    fingerprint = read(data).key.fingerprint
    assert read(data).key.weaknesses == ()
    assert read_csr(data, WHO, WeakKeys([fingerprint])).key.weaknesses != ()


@pytest.mark.parametrize(
    ("digest", "oid", "name"),
    [(hashes.SHA1(), "1.2.840.113549.1.1.5", "sha1"), (hashes.MD5(), "1.2.840.113549.1.1.4", "md5")],
)
def test_old_signatures_are_verified_and_named(digest: hashes.HashAlgorithm, oid: str, name: str) -> None:
    """Which of them will do is the profile's to say: none, unless it names them (`key.request_signatures`)."""
    key = rsa.generate_private_key(65537, 2048)
    builder = x509.CertificateSigningRequestBuilder(x509.Name([]))
    made = builder.sign(key, hashes.SHA256())

    def signed(data: bytes) -> bytes:
        signature = key.sign(data, padding.PKCS1v15(), digest)
        return der.assemble(made.tbs_certrequest_bytes, der.sequence(der.oid(oid), der.NULL), signature)

    assert read(signed(made.tbs_certrequest_bytes)).request_signature == f"{name}WithRSAEncryption"
    with pytest.raises(Refused) as refused:
        read(signed(b"something else"))
    assert refused.value.reason is Reason.BAD_PROOF_OF_POSSESSION


def test_a_wrong_signature_is_no_proof_of_possession() -> None:
    """One bit is enough."""
    data = bytearray(csr(name=NAMED))
    data[data.index(b"Example")] ^= 1
    assert refusal(bytes(data)) is Reason.BAD_PROOF_OF_POSSESSION
    assert refusal(csr()[:-8] + b"\0" * 8) is Reason.BAD_PROOF_OF_POSSESSION


@pytest.mark.parametrize("data", [b"", b"\x30\x00", b"-----BEGIN CERTIFICATE REQUEST-----", b"\0" * (MAXIMUM_SIZE + 1)])
def test_what_is_no_request_is_malformed(data: bytes) -> None:
    """Empty, other, PEM, overlong."""
    assert refusal(data) is Reason.MALFORMED


def test_keys_that_are_not_certified_are_refused() -> None:
    """DSA, and curves beyond the NIST ones."""
    other = BUILDER.sign(ec.generate_private_key(ec.BrainpoolP256R1()), hashes.SHA256())
    old = BUILDER.sign(dsa.generate_private_key(1024), hashes.SHA256())
    assert refusal(other.public_bytes(Encoding.DER)) is Reason.KEY_REFUSED
    assert refusal(old.public_bytes(Encoding.DER)) in (Reason.KEY_REFUSED, Reason.ALGORITHM_REFUSED)


def handmade(spki: bytes, algorithm: bytes, name: bytes = b"\x30\x00", attributes: bytes = b"\xa0\x00") -> bytes:
    """A request out of parts, with a signature of nothing."""
    return der.sequence(der.sequence(der.integer(0), name, spki, attributes), algorithm, der.bit_string(b"\1" * 8))


def algorithm(oid: str) -> bytes:
    """An AlgorithmIdentifier without parameters."""
    return der.sequence(der.oid(oid))


P256 = der.sequence(
    der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.2.840.10045.3.1.7")),
    der.bit_string(
        bytes.fromhex(
            "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
            "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
        )
    ),
)
ECDSA = algorithm("1.2.840.10045.4.3.2")


def test_unknown_algorithms_are_refused() -> None:
    """Of the key, and of the signature."""
    unknown = der.sequence(algorithm("1.2.3.4"), der.bit_string(b"\0"))
    assert refusal(handmade(unknown, ECDSA)) is Reason.KEY_REFUSED
    assert refusal(handmade(P256, algorithm("1.2.3.4"))) is Reason.ALGORITHM_REFUSED
    assert refusal(handmade(P256, algorithm("1.2.840.113549.1.1.10"))) is Reason.BAD_PROOF_OF_POSSESSION
    off_curve = P256[:-1] + b"\0"
    assert refusal(handmade(off_curve, ECDSA)) is Reason.KEY_REFUSED


def test_a_signature_of_another_kind_than_the_key_is_no_proof() -> None:
    """An RSA signature by an EC key."""
    assert refusal(handmade(P256, algorithm("1.2.840.113549.1.1.11"))) in (
        Reason.BAD_PROOF_OF_POSSESSION,
        Reason.ALGORITHM_REFUSED,
    )


@pytest.mark.parametrize(
    "kind", [x25519.X25519PrivateKey, x448.X448PrivateKey, mlkem.MLKEM768PrivateKey, mlkem.MLKEM1024PrivateKey]
)
@pytest.mark.parametrize("oid", ["1.3.101.112", "1.3.101.113", "1.2.840.10045.4.3.2", "2.16.840.1.101.3.4.3.17"])
def test_a_key_that_cannot_sign_has_no_request_of_its_own(
    kind: type[x25519.X25519PrivateKey | x448.X448PrivateKey | mlkem.MLKEM768PrivateKey | mlkem.MLKEM1024PrivateKey],
    oid: str,
) -> None:
    """Whatever stands there as the signature, read strictly or not, is no proof; proved elsewhere the key is told."""
    public = kind.generate().public_key()
    request = handmade(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), algorithm(oid))
    assert refusal(request) is Reason.BAD_PROOF_OF_POSSESSION
    with pytest.raises(Refused) as caught:
        facts_of_request(read_request(request), WHO)
    assert caught.value.reason is Reason.ALGORITHM_REFUSED
    assert facts_proved_elsewhere(request, WHO, "").key.public_key == public


def test_an_rsa_key_for_pss_alone_is_not_certified() -> None:
    """Its certificate would call it by another algorithm."""
    key = rsa.generate_private_key(65537, 2048)
    for certified in (True, False):
        own = rsa_key_info(key.public_key(), pss_alone=not certified)
        information = der.sequence(b"\x02\x01\x00", NAMED.public_bytes(), own, b"\xa0\x00")
        algorithm = der.sequence(der.oid("1.2.840.113549.1.1.11"), b"\x05\x00")
        request = der.assemble(information, algorithm, key.sign(information, padding.PKCS1v15(), hashes.SHA256()))
        if certified:
            assert read(request).key.algorithm == "rsa"
        else:
            assert refusal(request) is Reason.KEY_REFUSED


def test_a_huge_rsa_key_is_not_looked_at() -> None:
    """Its verification would take seconds."""
    numbers = rsa.RSAPublicNumbers(65537, (1 << 16_390) + 1)
    key = numbers.public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert refusal(handmade(spki, algorithm("1.2.840.113549.1.1.11"))) is Reason.KEY_REFUSED


def test_a_pss_signature_of_an_unknown_hash_is_refused() -> None:
    """Its parameters name the hash."""
    pss = der.sequence(der.oid("1.2.840.113549.1.1.10"), der.sequence(der.explicit(0, algorithm("1.2.3.4"))))
    assert refusal(handmade(P256, pss)) in (Reason.ALGORITHM_REFUSED, Reason.BAD_PROOF_OF_POSSESSION)


def signed(name: bytes) -> bytes:
    """A request for this subject with a right signature."""
    spki = private_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    info = der.sequence(der.integer(0), name, spki, b"\xa0\x00")
    return der.sequence(info, ECDSA, der.bit_string(private_key().sign(info, ec.ECDSA(hashes.SHA256()))))


def attribute(value: bytes) -> bytes:
    """A name with one common name."""
    return der.sequence(der.tlv(0x31, der.sequence(der.oid("2.5.4.3"), value)))


def test_a_subject_that_cannot_be_read_is_malformed() -> None:
    """Though its signature is right."""
    assert read(signed(attribute(der.tlv(0x0C, b"a")))).subject == subject(CN="a")
    assert refusal(signed(attribute(der.tlv(0x0C, b"\xff")))) is Reason.MALFORMED
    assert refusal(signed(attribute(der.bit_string(b"a")))) is Reason.MALFORMED


def test_names_that_cannot_be_read_are_malformed() -> None:
    """Not ASCII, and of a kind that nobody reads."""
    text = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), b"\x30\x03\x82\x01\xff")
    assert refusal(csr(text)) is Reason.MALFORMED
    x400 = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), b"\x30\x02\xa3\x00")
    assert refusal(csr(x400)) is Reason.MALFORMED


def test_a_common_name_may_count_as_a_name() -> None:
    """Host names and addresses, once; other text stays text."""

    def names(*common_names: str) -> tuple[AlternativeName, ...]:
        asked = tuple(attribute for value in common_names for attribute in subject(CN=value))
        return with_common_name_among_names(facts(dns("a.example"), (*asked, *subject(O="b.example")))).names

    assert names("A.example") == dns("a.example")
    assert names("*.b.example", "c.example") == dns("a.example", "*.b.example", "c.example")
    assert names("2001:DB8:0::1") == (*dns("a.example"), AlternativeName(NameType.IP, "2001:db8::1"))
    assert names("Some One") == dns("a.example")


@given(st.binary(max_size=300))
def test_any_octets_give_facts_or_refused(data: bytes) -> None:
    """Noise is refused."""
    with pytest.raises(Refused):
        read(data)


@given(st.data())
def test_any_damage_gives_facts_or_refused(data: st.DataObject) -> None:
    """A real request with octets changed, cut or inserted."""
    good = GOOD
    at = data.draw(st.integers(min_value=0, max_value=len(good)))
    end = data.draw(st.integers(min_value=at, max_value=min(at + 4, len(good))))
    damaged = good[:at] + data.draw(st.binary(max_size=4)) + good[end:]
    try:
        assert read(damaged).names == read(good).names or damaged != good
    except Refused as refused:
        assert isinstance(refused.reason, Reason)  # noqa: PT017 - either outcome is right


GOOD = csr(x509.SubjectAlternativeName([x509.DNSName("a.example")]), name=NAMED)


@given(
    st.binary(max_size=40), st.sampled_from(["2.5.29.17", "2.5.29.15", "2.5.29.19", "1.3.6.1.5.5.7.1.24", "2.5.29.32"])
)
def test_any_extension_gives_facts_or_refused(value: bytes, oid: str) -> None:
    """Signed soundly, whatever stands in it."""
    try:
        assert read(csr(x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value))).extensions
    except Refused as refused:
        assert refused.reason is Reason.MALFORMED  # noqa: PT017 - either outcome is right


def test_requests_out_of_order_give_the_same_facts() -> None:
    """Read tolerantly, with the signature over the octets that were sent."""
    data = (Path(__file__).parents[1] / "vectors" / "scep" / "strongswan-unsorted-attrs.csr.der").read_bytes()
    found = facts_of_request(read_request(data), WHO)
    assert read_csr(data, WHO) == found
    assert found.request_signature == "sha256WithRSAEncryption"
    assert [name.type for name in found.names] == [NameType.DNS]
    with pytest.raises(Refused) as caught:
        read_csr(data[:-1] + bytes((data[-1] ^ 1,)), WHO)
    assert caught.value.reason is Reason.BAD_PROOF_OF_POSSESSION


@pytest.mark.parametrize(("version", "right"), [(1, True), (2, True), (3, False), (0x80, False)])
def test_the_version_may_be_as_libraries_write_it(*, version: int, right: bool) -> None:
    """1 and 2 are in use beside the 0 that stands for the only version; what was signed is what was sent."""
    key = ec.generate_private_key(ec.SECP256R1())
    csr = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(key, hashes.SHA256())
    information = bytearray(csr.tbs_certrequest_bytes)
    assert bytes(information[2:5]) == b"\x02\x01\x00"
    information[4] = version
    signature = key.sign(bytes(information), ec.ECDSA(hashes.SHA256()))
    algorithm = der.sequence(der.tlv(0x06, bytes.fromhex("2a8648ce3d040302")))
    data = der.sequence(bytes(information), algorithm, der.tlv(0x03, b"\0" + signature))
    if right:
        assert read_csr(data, WHO).request_signature == "ecdsa-with-SHA256"
        return
    with pytest.raises(Refused) as caught:
        read_csr(data, WHO)
    assert caught.value.reason is Reason.MALFORMED


def test_possession_may_be_proved_elsewhere() -> None:
    """The request's own signature is not looked at; the algorithm of the other proof is noted."""
    csr = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(
        ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()
    )
    data = csr.public_bytes(Encoding.DER)
    facts = facts_proved_elsewhere(data[:-1] + bytes((data[-1] ^ 1,)), WHO, "ed25519")
    assert (facts.request_signature, facts.requester, facts.subject) == ("ed25519", WHO, ())
    with pytest.raises(Refused):
        facts_proved_elsewhere(bytes(MAXIMUM_SIZE + 1), WHO, "")


@pytest.mark.parametrize(
    ("oid", "value"), [("1.3.6.1.5.5.7.1.24", "3003020107"), ("2.5.29.17", "3006a30430023000"), ("2.5.29.17", "3000a1")]
)
def test_extensions_that_cannot_be_read_are_refused(oid: str, value: str) -> None:
    """A feature of TLS that nobody knows, an X.400 address, octets that are no names."""
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), bytes.fromhex(value))
    builder = x509.CertificateSigningRequestBuilder(x509.Name([])).add_extension(odd, critical=False)
    data = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(Encoding.DER)
    for reading in (read_csr, lambda der, who: facts_of_request(read_request(der), who)):
        with pytest.raises(Refused) as caught:
            reading(data, WHO)
        assert caught.value.reason is Reason.MALFORMED
