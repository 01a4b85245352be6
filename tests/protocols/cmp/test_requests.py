"""What is asked for, and the proof of possession."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from emca_daemon.asn1 import der
from emca_daemon.names import ProfileName
from tests.support import cmp_messages as build
from tests.support.ca_world import ROOT
from tests.support.cmp_messages import Template
from tests.support.cmp_world import CmpWorld, enrolled, settings
from tests.support.policy_world import rsa_key_info

KEY = ec.generate_private_key(ec.SECP256R1())
PATH_LENGTH_ALONE = der.extension(der.oid("2.5.29.19"), der.sequence(der.integer(1)))


@pytest.fixture(scope="module")
def world() -> CmpWorld:
    """An endpoint."""
    return CmpWorld()


def signature(data: bytes, algorithm: bytes = build.EC_SHA256) -> bytes:
    """POPOSigningKey without an input of its own."""
    return der.explicit(1, algorithm + der.bit_string(KEY.sign(data, ec.ECDSA(hashes.SHA256()))))


def with_input(sender: str = "CN=dev1", key: ec.EllipticCurvePrivateKey = KEY) -> bytes:
    """POPOSigningKey over an input."""
    named = der.explicit(0, der.explicit(4, build.name(sender).public_bytes()))
    signed = der.sequence(named, build.spki(key))
    return der.explicit(
        1, b"\xa0" + signed[1:] + build.EC_SHA256 + der.bit_string(KEY.sign(signed, ec.ECDSA(hashes.SHA256())))
    )


@pytest.mark.parametrize(
    ("template", "failure"),
    [
        (Template(extra=b"\x80\x01\x02"), ""),
        (Template(extra=b"\x80\x01\x01"), "badCertTemplate"),
        (Template(None), "badCertTemplate"),
        (Template(""), "badCertTemplate"),
        (Template("", extensions=(build.san("a.example"),)), ""),
        (Template(extensions=(der.extension(der.oid("2.5.29.19"), der.sequence(der.TRUE)),)), "notAuthorized"),
        (Template(extensions=(der.extension(der.oid("2.5.29.15"), b"\x03\x02\x02\x04"),)), "notAuthorized"),
        (
            Template(extensions=(der.extension(der.oid("2.5.29.37"), der.sequence(der.oid("1.3.6.1.5.5.7.3.28"))),)),
            "notAuthorized",
        ),
        (Template(extensions=(der.extension(der.oid("2.5.29.15"), b"\x03\x02\x07\x80"),)), ""),
        (Template(extensions=(der.extension(der.oid("2.5.29.17"), b"\x05\x00"),)), "badCertTemplate"),
        (Template(extensions=(PATH_LENGTH_ALONE,)), "badCertTemplate"),
        (Template(extensions=(build.san("a.example"), build.san("b.example"))), "badCertTemplate"),
        (Template(extra=b"\x81\x01\x05"), ""),
    ],
)
def test_templates(world: CmpWorld, template: Template, failure: str) -> None:
    """Each with its failure, in an ip."""
    reply = world.client().enroll(template)
    assert (reply.type, reply.failure) == ("ip", failure)


@pytest.mark.parametrize(
    ("oid", "digest"), [("2.16.840.1.101.3.4.3.10", hashes.SHA3_256()), ("1.3.6.1.5.5.7.6.32", hashes.SHAKE128(32))]
)
def test_proofs_over_other_hashes(world: CmpWorld, oid: str, digest: hashes.HashAlgorithm) -> None:
    """SHA-3 (RFC 9688) and SHAKE (RFC 8692) are as good as SHA-2."""
    named = der.explicit(5, build.name("CN=dev1").public_bytes())
    asked = der.sequence(der.integer(0), der.sequence(named, b"\xa6" + build.spki(KEY)[1:]))
    hashed = hashes.Hash(digest)
    hashed.update(asked)
    signed = KEY.sign(hashed.finalize(), ec.ECDSA(Prehashed(hashes.SHA256())))
    proof = der.explicit(1, der.sequence(der.oid(oid)) + der.bit_string(signed))
    assert world.client().enroll(Template(key=KEY), proof=proof).failure == ""


@pytest.mark.parametrize("field", [b"\x81\x01\x05", b"\xa2" + build.EC_SHA256[1:], b"\x87\x02\x00\x01"])
def test_a_strict_endpoint_chooses_by_itself_what_is_its_own_to_choose(field: bytes) -> None:
    """Serial number, algorithm and unique identifiers in a template: badCertTemplate (RFC 4211 5)."""
    after_the_key = field[0] == 0x87
    template = Template() if after_the_key else Template(extra=field)
    if after_the_key:
        named = der.explicit(5, build.name("CN=dev1").public_bytes())
        template = Template(None, None, extra=named + b"\xa6" + build.spki(KEY)[1:] + field)
    strict = CmpWorld(settings(strict=True)).client()
    assert strict.enroll(template, proof=signature(b"x")).failure == "badCertTemplate"


def test_cross_certificates_are_asked_for_by_a_ca_that_signs_and_says_everything() -> None:
    """BadPOP for other proofs and none; strict: badCertTemplate for what RFC 9810 D.6 misses in the template."""
    cross = settings(cross_profile=ProfileName("cross"), cross_issuer=ROOT)
    world = CmpWorld(cross)
    authority = enrolled(world, Template("CN=RA"), label="ra")
    named = der.explicit(5, build.name("CN=Other CA").public_bytes())
    without_key = Template(None, None, extra=named)
    encrypted = der.explicit(2, b"\xa4\x00")
    for template, proof, failure in (
        (without_key, b"", "badPOP"),
        (without_key, signature(b"x"), "badCertTemplate"),
        (Template("CN=Other CA", KEY), encrypted, "badPOP"),
        (Template("CN=Other CA", KEY), b"", "badPOP"),
    ):
        reply = authority.renewed().enroll(template, tag=13, proof=proof)
        assert (reply.type, reply.failure) == ("ccp", failure)
    world = CmpWorld(replace(cross, strict=True))
    strict = world.client(place={"label": "ra"}).with_header(information=(build.IMPLICIT,))
    ra = Template("CN=RA")
    reply = strict.with_header(sender="CN=dev1").enroll(ra)
    assert ra.key is not None
    authority = world.client(signer=(reply.certificate, ra.key))
    now = world.ca.clock()
    validity = b"".join(der.explicit(n, der.generalized_time(now + timedelta(days=n))) for n in (0, 1))
    parts = [b"\x80\x01\x02", b"\xa2" + build.EC_SHA256[1:], der.explicit(3, build.name("CN=Root").public_bytes())]
    basic = der.extension(der.oid("2.5.29.19"), der.sequence(der.TRUE), critical=True)
    for missing in (None, 0, 1, 2):
        extra = b"".join(part for place, part in enumerate(parts) if place != missing)
        template = Template("CN=Other CA", extensions=(basic,), extra=extra, validity=validity)
        failure = "" if missing is None else "badCertTemplate"
        assert authority.renewed().enroll(template, tag=13).failure == failure
    short = Template("CN=Other CA", extensions=(basic,), extra=b"".join(parts))
    assert authority.renewed().enroll(short, tag=13).failure == "badCertTemplate"


@pytest.mark.parametrize(
    ("version", "extension", "failure"),
    [(0, b"", ""), (1, b"", "badCertTemplate"), (2, b"", "badCertTemplate"), (0, PATH_LENGTH_ALONE, "badCertTemplate")],
)
def test_pkcs10_requests(world: CmpWorld, version: int, extension: bytes, failure: str) -> None:
    """Version 0, and extensions that can be read."""
    extensions = der.sequence(der.oid("1.2.840.113549.1.9.14"), der.tlv(0x31, der.sequence(extension)))
    information = der.sequence(
        der.integer(version),
        build.name("CN=dev1").public_bytes(),
        build.spki(KEY),
        der.explicit(0, extensions if extension else b""),
    )
    signed = der.bit_string(KEY.sign(information, ec.ECDSA(hashes.SHA256())))
    reply = world.client().send(4, der.sequence(information, build.EC_SHA256, signed))
    assert (reply.type, reply.failure) == ("cp", failure)


@pytest.mark.parametrize(
    ("proof", "failure"),
    [
        (b"", "badPOP"),
        (signature(b"something else"), "badPOP"),
        (signature(b"x", der.sequence(der.oid("1.2.840.113549.1.1.11"))), "badPOP"),
        (signature(b"x", der.sequence(der.oid("1.2.840.10045.4.1"))), "badAlg"),
        (b"\xa2\x02\x81\x00", "badPOP"),
        (b"\xa3\x02\x81\x00", "badPOP"),
        (b"\x80\x00", "notAuthorized"),
        (with_input(), "badPOP"),
    ],
)
def test_proofs(world: CmpWorld, proof: bytes, failure: str) -> None:
    """Each with its failure, in an ip; poposkInput is not for complete templates."""
    reply = world.client().enroll(Template(key=KEY), proof=proof)
    assert (reply.type, reply.failure) == ("ip", failure)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 6])
def test_controls_that_are_not_minded(world: CmpWorld, number: int) -> None:
    """RegToken, authenticator, pkiPublicationInfo, pkiArchiveOptions, protocolEncrKey, and regInfo behind the proof."""
    control = der.sequence(der.oid(f"1.3.6.1.5.5.7.5.1.{number}"), der.tlv(0x0C, b"token"))
    template = Template(key=KEY)
    asked = der.sequence(der.integer(0), template.encoded(), der.sequence(control))
    behind = der.sequence(der.sequence(der.oid("1.3.6.1.5.5.7.5.2.1"), der.tlv(0x0C, b"CN?else%")))
    reply = world.client().send(0, der.sequence(der.sequence(asked, signature(asked), behind)))
    assert (reply.type, reply.failure) == ("ip", "")
    assert reply.certificate.subject == build.name("CN=dev1")


def test_an_input_of_its_own_where_the_subject_is_missing(world: CmpWorld) -> None:
    """In an update: over the sender's name and the same key."""
    for proof, failure in (
        (with_input(), ""),
        (with_input("CN=else"), "badPOP"),
        (with_input(key=ec.generate_private_key(ec.SECP256R1())), "badPOP"),
    ):
        assert enrolled(world).enroll(Template(None, KEY), tag=7, proof=proof).failure == failure


def test_messages_hold_one_request_with_the_id_0(world: CmpWorld) -> None:
    """BadRequest."""
    one = build.request(Template())
    assert world.client().send(0, der.sequence(one, one)).failure == "badRequest"
    assert world.client().enroll(request_id=1).failure == "badRequest"
    assert world.client().send(0, der.sequence()).failure == "badDataFormat"


def with_key(key: bytes) -> bytes:
    """A request whose key is these octets."""
    named = der.explicit(5, build.name("CN=a").public_bytes())
    template = Template(None, None, extra=named + b"\xa6" + key[1:])
    return der.sequence(build.request(template, proof=signature(b"x")))


def test_keys(world: CmpWorld) -> None:
    """None, unreadable, unknown, and one that cannot sign."""
    x = x25519.X25519PrivateKey.generate().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    unknown = der.sequence(der.sequence(der.oid("1.2.3")), der.bit_string(b"k"))
    ml_kem_512 = der.sequence(der.sequence(der.oid("2.16.840.1.101.3.4.4.1")), der.bit_string(bytes(800)))
    p256 = der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.2.840.10045.3.1.7"))
    empty = der.sequence(p256, der.bit_string(b""))
    for key, failures in ((x, {"badPOP"}), (unknown, {"badCertTemplate"}), (empty, {"badCertTemplate"})):
        assert world.client().send(0, with_key(key)).failure in failures
    assert world.client().send(0, with_key(ml_kem_512)).failure == "badCertTemplate"
    assert world.client().enroll(Template(key=None), proof=b"").failure == "badCertTemplate"
    weak = Template(key=ec.generate_private_key(ec.SECP192R1()))
    assert world.client().enroll(weak).failure == "badCertTemplate"


@pytest.mark.parametrize("body", [0, 2, 7])
def test_an_rsa_key_for_pss_alone_is_not_certified(world: CmpWorld, body: int) -> None:
    """In an ir, a cr or a kur, though its possession is proved; the same key for any use is."""
    key = rsa.generate_private_key(65537, 2048)
    algorithm = der.sequence(der.oid("1.2.840.113549.1.1.11"), der.NULL)
    for pss_alone in (True, False):
        device = world.client() if body == 0 else enrolled(world)
        info = rsa_key_info(key.public_key(), pss_alone=pss_alone)
        named = der.explicit(5, build.name("CN=dev1").public_bytes())
        asked = der.sequence(der.integer(0), der.sequence(named, b"\xa6" + info[1:]))
        proof = der.bit_string(key.sign(asked, padding.PKCS1v15(), hashes.SHA256()))
        reply = device.send(body, der.sequence(der.sequence(asked, der.explicit(1, algorithm + proof))))
        assert reply.failure == ("badCertTemplate" if pss_alone else "")
