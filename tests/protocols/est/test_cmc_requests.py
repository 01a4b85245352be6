"""CRMF requests into facts."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmc import RequestKind, TaggedRequest
from emca_daemon.asn1.values import encoded, sequence_parts
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.policy.facts import Requester
from emca_daemon.policy.weak_keys import WeakKeys
from emca_daemon.protocols.est.cmc_requests import read_tagged
from emca_daemon.protocols.est.requests import EnrollmentRequest
from tests.support.policy_world import rsa_key_info

BY = Requester("est", "bob", "secret", "192.0.2.9", "r")
KEY = ec.generate_private_key(ec.SECP256R1())
SUBJECT = der.explicit(5, x509.Name.from_rfc4514_string("CN=device-1").public_bytes())
INFO = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def in_template(info: bytes) -> bytes:
    """A SubjectPublicKeyInfo as a template has it."""
    return der.tlv(0xA6, b"".join(encoded(part) for part in sequence_parts(info, "key")))


PUBLIC = in_template(INFO)
NAMES = der.extension(der.oid("2.5.29.17"), der.sequence(der.implicit(2, b"a.example")))
EXTENSIONS = der.tlv(0xA9, NAMES + der.extension(der.oid("2.5.29.14"), der.octet_string(b"x")))
RA_VERIFIED = der.implicit(0, b"")


def signature(data: bytes) -> bytes:
    """ProofOfPossession by a signature."""
    algorithm = der.sequence(der.oid("1.2.840.10045.4.3.2"))
    return der.tlv(0xA1, algorithm + der.bit_string(KEY.sign(data, ec.ECDSA(hashes.SHA256()))))


def read(template: bytes, proof: bytes | None = None, *, agent: bool = False) -> EnrollmentRequest:
    """The request read; without a proof it gets the right one."""
    asked = der.sequence(der.integer(1), der.sequence(template))
    message = der.sequence(asked, signature(asked) if proof is None else proof)
    tagged = TaggedRequest(1, RequestKind.CRMF, message)
    return read_tagged(tagged, BY, WeakKeys(), needs_names=False, agent=agent)


def test_a_template_becomes_facts() -> None:
    """Subject, names, key, extensions but the issuer's own, and how possession was proved."""
    facts = read(SUBJECT + PUBLIC + EXTENSIONS).facts
    assert [one.value for one in facts.subject] == ["device-1"]
    assert facts.names == (AlternativeName(NameType.DNS, "a.example"),)
    assert facts.key.public_key == KEY.public_key()
    assert [one.oid for one in facts.extensions] == ["2.5.29.17"]
    assert facts.request_signature == "ecdsa-with-SHA256"


def test_an_rsa_key_for_pss_alone_is_not_certified() -> None:
    """Nor where an agent vouches for it."""
    key = rsa.generate_private_key(65537, 2048).public_key()
    any_use, pss_alone = (in_template(rsa_key_info(key, pss_alone=alone)) for alone in (False, True))
    assert read(SUBJECT + any_use, RA_VERIFIED, agent=True).facts.key.public_key == key
    with pytest.raises(Refused, match="RSASSA-PSS alone") as refused:
        read(SUBJECT + pss_alone, RA_VERIFIED, agent=True)
    assert refused.value.reason is Reason.KEY_REFUSED


def test_an_agent_may_vouch_for_a_key() -> None:
    """Nobody else (RFC 4211 4)."""
    assert read(SUBJECT + PUBLIC, RA_VERIFIED, agent=True).facts.request_signature == ""
    with pytest.raises(Refused) as refused:
        read(SUBJECT + PUBLIC, RA_VERIFIED)
    assert refused.value.reason is Reason.BAD_PROOF_OF_POSSESSION


@pytest.mark.parametrize(
    ("template", "proof", "reason"),
    [
        (SUBJECT, None, Reason.MALFORMED),
        (PUBLIC, None, Reason.MALFORMED),
        (SUBJECT + PUBLIC, signature(b"other"), Reason.BAD_PROOF_OF_POSSESSION),
        (SUBJECT + PUBLIC, b"", Reason.BAD_PROOF_OF_POSSESSION),
        (SUBJECT + der.tlv(0xA6, der.sequence(der.oid("1.2.3")) + der.bit_string(b"x")), None, Reason.KEY_REFUSED),
    ],
)
def test_what_is_missing_or_wrong_is_refused(template: bytes, proof: bytes | None, reason: Reason) -> None:
    """By its reason."""
    with pytest.raises(Refused) as refused:
        read(template, proof)
    assert refused.value.reason is reason


def test_a_proof_over_its_own_input_is_of_the_same_key() -> None:
    """POPOSigningKeyInput (RFC 4211 4.1): another key in it, or another signature, proves nothing."""
    sender = der.explicit(0, der.tlv(0xA4, x509.Name.from_rfc4514_string("CN=device-1").public_bytes()))
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    foreign = other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def proof(info: bytes, signed: bytes) -> bytes:
        algorithm = der.sequence(der.oid("1.2.840.10045.4.3.2"))
        value = der.bit_string(KEY.sign(signed, ec.ECDSA(hashes.SHA256())))
        return der.tlv(0xA1, der.tlv(0xA0, sender + info) + algorithm + value)

    right = der.sequence(sender, INFO)
    assert read(SUBJECT + PUBLIC, proof(INFO, right)).facts.key.public_key == KEY.public_key()
    for wrong in (proof(foreign, der.sequence(sender, foreign)), proof(INFO, b"other")):
        with pytest.raises(Refused) as refused:
            read(SUBJECT + PUBLIC, wrong)
        assert refused.value.reason is Reason.BAD_PROOF_OF_POSSESSION


def test_other_requests_are_refused() -> None:
    """`orm`."""
    with pytest.raises(Refused):
        read_tagged(TaggedRequest(1, RequestKind.OTHER, b""), BY, WeakKeys(), needs_names=False, agent=True)
