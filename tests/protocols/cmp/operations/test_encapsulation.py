"""genm for a ciphertext, and what is protected by it afterwards."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from emca_daemon.asn1 import der
from tests.support.cmp_kem import HMAC_SHA256, QUESTION, KemClient, device, parameters, vendor
from tests.support.cmp_world import CmpWorld, enrolled, known, settings


@pytest.fixture
def world() -> CmpWorld:
    """An endpoint that trusts a vendor and knows one device of it."""
    world = CmpWorld(vendors=[vendor()])
    world.people.devices["station-7"] = known()
    return world


@pytest.mark.parametrize("context", [None, b"of this device"])
def test_a_device_that_cannot_sign(world: CmpWorld, context: bytes | None) -> None:
    """Genm, ir and certConf: the answers are signed, the certificate is the device's."""
    client = KemClient(world)
    reply = client.ask()
    assert (reply.type, reply.is_protected, reply.algorithm) == ("genp", True, "1.2.840.10045.4.3.2")
    reply = client.enroll(context=context)
    assert (reply.type, reply.failure, reply.algorithm) == ("ip", "", "1.2.840.10045.4.3.2")
    certificate = reply.certificate
    digest = certificate.fingerprint(certificate.signature_hash_algorithm)  # type: ignore[arg-type]
    status = der.sequence(der.octet_string(digest), der.integer(0))
    assert client.send(24, der.sequence(status), context=context).type == "pkiconf"
    assert world.status_of(certificate) == "good"


def test_a_secret_is_for_its_transaction_alone(world: CmpWorld) -> None:
    """BadMessageCheck in any other, with another secret, and without having asked."""
    client = KemClient(world)
    client.ask()
    for other in (
        KemClient(world, client.key, client.certificate, secret=client.secret),
        KemClient(world, client.key, client.certificate, client.transaction_id, bytes(32)),
        KemClient(world),
    ):
        reply = other.enroll()
        assert (reply.type, reply.failure, reply.is_protected) == ("error", "badMessageCheck", False)
    assert client.enroll().failure == ""
    client.answered = None
    assert client.enroll().failure == "transactionIdInUse"


def test_a_secret_ends_and_lives_as_long_as_its_transaction(world: CmpWorld) -> None:
    """Minutes unless a certificate is waited for."""
    late = KemClient(world)
    late.ask()
    world.ca.clock.advance(minutes=6)
    assert late.enroll().failure == "badMessageCheck"
    world.expiry.run()
    with world.ca.store.reading() as tx:
        assert tx.cmp_kem_secrets.find("main", late.transaction_id) is None
    client = KemClient(world)
    client.ask()
    waiting = world.answer
    world.answer = lambda data, **_: waiting(data, label="slow")  # type: ignore[method-assign]
    assert client.enroll().type == "ip"
    assert client.send(25, der.sequence(der.sequence(der.integer(0)))).type == "pollRep"
    world.ca.clock.advance(hours=5)
    world.expiry.run()
    assert client.send(25, der.sequence(der.sequence(der.integer(0)))).type == "pollRep"


def test_asked_twice(world: CmpWorld) -> None:
    """TransactionIdInUse, and systemUnavail for one who asks again and again."""
    client = KemClient(world)
    assert client.ask().type == "genp"
    assert client.ask().failure == "transactionIdInUse"
    few = CmpWorld(settings(open_transactions=1), vendors=[vendor()])
    first = KemClient(few)
    assert first.ask().type == "genp"
    assert KemClient(few, first.key, first.certificate).ask().failure == "systemUnavail"


def test_certificates_that_are_not_trusted(world: CmpWorld) -> None:
    """Of strangers, for something else, or with a key that nothing is encapsulated to."""
    strangers = CmpWorld()
    assert KemClient(strangers).ask().failure == "signerNotTrusted"
    key = KemClient(world).key
    assert KemClient(world, key, device(key, "digital_signature")).ask().failure == "signerNotTrusted"
    own = enrolled(world).signer
    assert own is not None
    assert KemClient(world, key, own[0]).ask().failure == "signerNotTrusted"
    assert KemClient(world, key, device(ec.generate_private_key(ec.SECP256R1()))).ask().failure == "badRequest"


def test_only_this_question_goes_without_protection(world: CmpWorld) -> None:
    """Anything else beside it, another one, a wrong header: an error."""
    for question in (der.sequence(der.oid("1.3.6.1.5.5.7.4.17")), QUESTION * 2, der.sequence(QUESTION[2:], der.NULL)):
        assert KemClient(world).ask(question).failure == "badMessageCheck"
    assert KemClient(world).ask(pvno=9).failure == "unsupportedVersion"
    assert KemClient(world).ask(nonce=None).failure == "badSenderNonce"


def test_another_derivation(world: CmpWorld) -> None:
    """BadAlg."""
    client = KemClient(world)
    client.ask()
    wrong = parameters(kdf=der.sequence(der.oid("1.2.3")), mac=HMAC_SHA256)
    assert client.enroll(protection=wrong).failure == "badAlg"
