"""ir, cr, kur, p10cr."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1 import der
from emca_daemon.ca.records import RevocationReason
from emca_daemon.names import ProfileName
from tests.support import cmp_messages as build
from tests.support.ca_world import BY, ROOT, START
from tests.support.cmp_messages import Template
from tests.support.cmp_world import Client, CmpWorld, Reply, enrolled, settings

KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module")
def world() -> CmpWorld:
    """An endpoint."""
    return CmpWorld()


def csr(subject: str = "CN=dev1", key: ec.EllipticCurvePrivateKey = KEY) -> bytes:
    """A certification request."""
    return (
        x509.CertificateSigningRequestBuilder(build.name(subject)).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    )


@pytest.mark.parametrize(("tag", "kind"), [(0, "ip"), (2, "cp")])
def test_a_certificate_by_secret(world: CmpWorld, tag: int, kind: str) -> None:
    """Accepted, with how long it may be confirmed; the root in caPubs of an ip only."""
    reply = world.client().enroll(tag=tag)
    assert (reply.type, int(reply.status["status"]), reply.failure) == (kind, 0, "")
    assert reply.certificate.subject == build.name("CN=dev1")
    assert reply.information == ["1.3.6.1.5.5.7.4.14"]
    assert len(reply.body["caPubs"]) == (1 if kind == "ip" else 0)
    assert len(reply.message["extraCerts"]) == 1


def test_updates_have_no_anchors_in_them(world: CmpWorld) -> None:
    """Kup."""
    reply = enrolled(world).enroll(tag=7)
    assert (reply.type, len(reply.body["caPubs"])) == ("kup", 0)


@pytest.mark.parametrize("offered", [True, False])
def test_confirmation_may_be_implicit(offered: bool) -> None:
    """Where client and endpoint want it so."""
    world = CmpWorld(settings(implicit_confirm=offered))
    reply = world.client().with_header(information=(build.IMPLICIT,)).enroll()
    assert reply.information == ["1.3.6.1.5.5.7.4.13" if offered else "1.3.6.1.5.5.7.4.14"]


def test_pkcs10(world: CmpWorld) -> None:
    """Cp with the certReqId -1, confirmed by -1."""
    client = world.client()
    reply = client.send(4, csr())
    assert (reply.type, int(reply.body["response"][0]["certReqId"]), reply.failure) == ("cp", -1, "")
    assert client.confirm(reply.certificate, request_id=-1).type == "pkiconf"


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (csr()[:-1] + bytes((csr()[-1] ^ 1,)), "badPOP"),
        (csr(""), "badCertTemplate"),
        (der.sequence(), "badDataFormat"),
    ],
)
def test_pkcs10_that_is_wrong(world: CmpWorld, body: bytes, failure: str) -> None:
    """In a cp with the certReqId -1."""
    reply = world.client().send(4, body)
    assert (reply.type, int(reply.body["response"][0]["certReqId"]), reply.failure) == ("cp", -1, failure)


def test_the_same_pkcs10_again() -> None:
    """DuplicateCertReq where it is strict, another certificate where it is not."""
    for strict, failure in ((True, "duplicateCertReq"), (False, "")):
        world = CmpWorld(settings(strict=strict))
        key = ec.generate_private_key(ec.SECP256R1())
        assert world.client().send(4, csr(key=key)).failure == ""
        assert world.client().send(4, csr(key=key)).failure == failure


def moments(start: int | None, end: int | None) -> bytes:
    """OptionalValidity in days from now."""
    times = [(0, start), (1, end)]
    return b"".join(der.explicit(n, der.time(START + timedelta(days=d))) for n, d in times if d is not None)


@pytest.mark.parametrize(
    ("template", "status"),
    [
        (Template(), 0),
        (Template(extensions=(build.san("a.example"),)), 0),
        (Template(validity=moments(0, 30)), 0),
        (Template(validity=moments(None, 30)), 0),
        (Template(extensions=(der.extension(der.oid("1.2.3"), der.NULL),)), 1),
        (Template(extensions=(der.extension(der.oid("2.5.29.15"), b"\x03\x02\x07\x80"),)), 1),
    ],
)
def test_what_was_changed_is_told(world: CmpWorld, template: Template, status: int) -> None:
    """grantedWithMods, where an extension was left out or is another."""
    reply = world.client().enroll(template)
    assert (reply.failure, int(reply.status["status"])) == ("", status)


def test_a_subject_in_another_order_was_changed(world: CmpWorld) -> None:
    """The profile's order."""
    reply = world.client().enroll(Template("O=Example,CN=a"))
    assert int(reply.status["status"]) == 1


def test_policy_refuses_in_the_reply(world: CmpWorld) -> None:
    """With everything that is wrong as text."""
    reply = world.client().enroll(Template("CN=a,L=Here", validity=moments(0, 3000)))
    assert reply.failure == "badCertTemplate"
    assert "locality" in str(reply.status["statusString"][0])


def test_an_update_ends_the_old_certificate_where_that_is_wanted() -> None:
    """Once it is confirmed, or at once where confirmation is implicit; then certRevoked."""
    world = CmpWorld(settings(revoke_updated=True))
    for implicit in (False, True):
        client = enrolled(world)
        assert client.signer is not None
        old = client.signer[0]
        reply = updated(client, implicit=implicit)
        assert (world.status_of(old) == "SUPERSEDED") == implicit
        if not implicit:
            assert client.confirm(reply.certificate).type == "pkiconf"
        assert world.status_of(old) == "SUPERSEDED"
        assert client.renewed().enroll(tag=7).failure == "certRevoked"


def updated(client: Client, *, implicit: bool) -> Reply:
    """A kur."""
    asking = client.with_header(information=(build.IMPLICIT,)) if implicit else client
    return asking.enroll(tag=7)


def asked(world: CmpWorld, client: Client, tag: int, content: bytes | None = None, times: int = 2) -> list[Reply]:
    """The answers to a message that is sent several times."""
    data = client.written(tag, der.sequence(build.request(Template())) if content is None else content)
    replies = [world.answer(data, **client.place) for _ in range(times)]
    client.answered = replies[-1].octets("senderNonce")
    return replies


@pytest.mark.parametrize("tag", [0, 2, 7, 4])
def test_an_answer_that_was_lost_is_sent_again(world: CmpWorld, tag: int) -> None:
    """The same certificate with the same nonce, to be confirmed once; after that the transaction is in use."""
    client = world.client() if tag in (0, 4) else enrolled(world)
    first, again = asked(world, client, tag, csr() if tag == 4 else None)
    assert (first.type, first.failure) == (again.type, again.failure)
    assert first.certificate == again.certificate
    assert first.octets("senderNonce") == again.octets("senderNonce")
    assert first.status == again.status
    data = client.with_header(answered=None).written(tag, csr())
    assert client.confirm(again.certificate, request_id=-1 if tag == 4 else 0).type == "pkiconf"
    assert world.answer(data).failure == "transactionIdInUse"


def test_waiting_it_is_sent_again_and_confirmed_implicitly_it_is_not(world: CmpWorld) -> None:
    """What is over is a replay, and so is one whose certificate was revoked meanwhile."""
    client = world.client().with_header(information=(build.IMPLICIT,))
    data = client.written(0, der.sequence(build.request(Template())))
    assert world.answer(data).information == ["1.3.6.1.5.5.7.4.13"]
    replayed = world.answer(data)
    assert (replayed.type, replayed.failure) == ("error", "transactionIdInUse")
    data = world.client().written(0, der.sequence(build.request(Template())))
    assert revoked(world, world.answer(data).certificate) != "good"
    assert world.answer(data).failure == "transactionIdInUse"
    first, again = asked(world, world.client(place={"label": "slow"}), 0)
    assert int(first.status["status"]) == int(again.status["status"]) == 3


def revoked(world: CmpWorld, certificate: x509.Certificate) -> str:
    """Revoke a certificate; what is known of it then."""
    with world.ca.store.reading() as tx:
        record = tx.certificates.find_by_fingerprint(certificate.fingerprint(hashes.SHA256()))
    assert record is not None
    world.ca.revoking.revoke(record.intent.issuer, record.intent.serial, RevocationReason.SUPERSEDED, BY)
    return world.status_of(certificate)


def test_only_the_same_message_of_the_same_sender_is_one_that_comes_again(world: CmpWorld) -> None:
    """Another one with its transactionID, and anyone on a strict endpoint: transactionIdInUse."""
    client = world.client()
    client.enroll()
    client.answered = None
    assert client.enroll().failure == "transactionIdInUse"
    strict = CmpWorld(settings(strict=True))
    _, again = asked(strict, strict.client(), 0)
    assert again.failure == "transactionIdInUse"


def test_cross_certificates() -> None:
    """For registration authorities where there is a profile for them: ccp, a certificate of a CA, confirmed."""
    beneath_none = CmpWorld(settings(cross_profile=ProfileName("cross")))
    authority = enrolled(beneath_none, Template("CN=RA"), label="ra")
    assert authority.enroll(Template("CN=Other CA"), tag=13).failure == "badCertTemplate"
    world = CmpWorld(settings(cross_profile=ProfileName("cross"), cross_issuer=ROOT))
    authority = enrolled(world, Template("CN=RA"), label="ra")
    basic = der.extension(der.oid("2.5.29.19"), der.sequence(der.TRUE), critical=True)
    reply = authority.enroll(Template("CN=Other CA", extensions=(basic,)), tag=13)
    assert (reply.type, reply.failure) == ("ccp", "")
    constraints = reply.certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert constraints.ca
    assert reply.certificate.subject == build.name("CN=Other CA")
    assert authority.confirm(reply.certificate).type == "pkiconf"
    labelled = replace(authority.renewed(), place={"label": "slow"})
    assert labelled.enroll(Template("CN=Other CA"), tag=13).failure == "badRequest"
    without = Template(None, None, extra=der.explicit(5, build.name("CN=a").public_bytes()))
    assert authority.renewed().enroll(without, tag=13, proof=b"").failure == "badPOP"


def test_who_gets_no_cross_certificates(world: CmpWorld) -> None:
    """Holders of other certificates, and everybody where there is no profile: ccp with notAuthorized."""
    crossing = CmpWorld(settings(cross_profile=ProfileName("cross")))
    authority = enrolled(world, Template("CN=RA"), label="ra")
    for client in (enrolled(crossing), authority):
        reply = client.enroll(Template("CN=Other CA"), tag=13)
        assert (reply.type, reply.failure) == ("ccp", "notAuthorized")
    assert crossing.client().enroll(Template("CN=Other CA"), tag=13).failure == "wrongIntegrity"
