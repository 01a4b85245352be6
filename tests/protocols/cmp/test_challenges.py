"""Challenges for keys that decrypt: what is sent, and what answers it."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mlkem, padding, rsa, x25519
from pyasn1.codec.der.decoder import decode
from pyasn1.codec.der.encoder import encode
from pyasn1_alt_modules import rfc5652, rfc9629, rfc9810

from emca_daemon.asn1 import der
from emca_daemon.errors import Refused
from emca_daemon.protocols.cmp.challenges import check_response
from emca_daemon.protocols.cmp.errors import Failure, failure_of
from emca_daemon.protocols.cmp.records import Challenge, Stage
from tests.protocols.cmp.test_key_delivery import spki, template
from tests.support import cmp_messages as build
from tests.support.cmp_challenges import CHALLENGE, asked, number, rand_of
from tests.support.cmp_world import CmpWorld, Reply, settings

RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module")
def world() -> CmpWorld:
    """An endpoint."""
    return CmpWorld()


def sent(reply: Reply) -> Any:
    """The one challenge."""
    assert (reply.type, reply.is_protected) == ("popdecc", True)
    (challenge,) = reply.body
    assert str(challenge["owf"]["algorithm"]) == "2.16.840.1.101.3.4.2.1"
    return challenge


def test_version_2_has_the_number_by_rsa(world: CmpWorld) -> None:
    """RSA PKCS #1: the number whose hash is the witness, and the sender of the challenge."""
    reply = asked(world.client(), RSA_KEY)
    challenge = sent(reply)
    assert int(reply.header["pvno"]) == 2
    assert not challenge["encryptedRand"].isValue
    rand = decode(RSA_KEY.decrypt(bytes(challenge["challenge"]), padding.PKCS1v15()), asn1Spec=rfc9810.Rand())[0]
    assert bytes(challenge["witness"]) == sha256(encode(rand["int"])).digest()
    assert encode(rand["sender"]) == encode(reply.header["sender"])


@pytest.mark.parametrize("key", [RSA_KEY, EC_KEY, ec.generate_private_key(ec.SECP384R1())])
def test_version_3_has_the_number_in_an_envelope(world: CmpWorld, key: Any) -> None:
    """For RSA keys and for those that agree, called by no name and the certReqId."""
    reply = asked(world.client().with_header(pvno=3), key)
    challenge = sent(reply)
    assert (int(reply.header["pvno"]), bytes(challenge["challenge"])) == (3, b"")
    (recipient,) = challenge["encryptedRand"]["recipientInfos"]
    info = recipient.getComponent()
    rid = info["rid"] if recipient.getName() == "ktri" else info["recipientEncryptedKeys"][0]["rid"]
    expected = rfc5652.IssuerAndSerialNumber()
    named = decode(der.sequence(der.sequence(), der.integer(0)), asn1Spec=expected)[0]
    assert encode(rid["issuerAndSerialNumber"]) == encode(named)
    rand = rand_of(reply, key)
    assert bytes(challenge["witness"]) == sha256(encode(rand["int"])).digest()
    assert encode(rand["sender"]) == encode(reply.header["sender"])


@pytest.mark.parametrize("kind", [x25519.X25519PrivateKey, mlkem.MLKEM768PrivateKey])
def test_keys_that_cannot_sign_are_called_by_no_name_either(world: CmpWorld, kind: Any) -> None:
    """By the certReqId, in KeyAgreeRecipientInfo and in KEMRecipientInfo."""
    reply = asked(world.client(place={"label": "encryption"}), kind.generate())
    (recipient,) = sent(reply)["encryptedRand"]["recipientInfos"]
    if recipient.getName() == "kari":
        rid = recipient.getComponent()["recipientEncryptedKeys"][0]["rid"]
    else:
        rid = decode(bytes(recipient["ori"]["oriValue"]), asn1Spec=rfc9629.KEMRecipientInfo())[0]["rid"]
    assert int(rid["issuerAndSerialNumber"]["serialNumber"]) == 0
    assert len(rid["issuerAndSerialNumber"]["issuer"].getComponent()) == 0


def test_who_speaks_version_2_but_has_no_rsa_key(world: CmpWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is answered in version 3; so is one whose RSA key is too short for number and name."""
    assert int(asked(world.client(), EC_KEY).header["pvno"]) == 3
    name = der.explicit(4, build.name(",".join(["OU=" + "x" * 60] * 4)).public_bytes())
    called = replace(world.signers.current(), sender=name)
    monkeypatch.setattr(world.signers, "current", lambda: called)
    reply = asked(world.client(), RSA_KEY)
    assert int(reply.header["pvno"]) == 3
    assert encode(rand_of(reply, RSA_KEY)["sender"]) == name


def test_numbers_differ(world: CmpWorld) -> None:
    """From challenge to challenge, and say nothing in the answer or in what is kept."""
    first, second = (world.client() for _ in range(2))
    answers = [number(asked(client, EC_KEY), EC_KEY) for client in (first, second)]
    assert answers[0] != answers[1]
    assert first.transaction_id is not None
    with world.ca.store.reading() as tx:
        opened = tx.cmp.get("main", first.transaction_id)
    assert opened is not None
    assert opened.challenge is not None
    assert opened.stage is Stage.CHALLENGED
    assert answers[0] not in opened.challenge.request
    assert opened.challenge.witness == sha256(answers[0]).digest()


def test_keys_to_which_nothing_is_encrypted(world: CmpWorld) -> None:
    """BadPOP, in an ip; badCertTemplate for none."""
    reply = asked(world.client(), ed25519.Ed25519PrivateKey.generate())
    assert (reply.type, reply.failure) == ("ip", "badPOP")
    broken = template(der.sequence(der.sequence(der.oid("1.2.3")), der.bit_string(b"k")))
    assert world.client().enroll(broken, proof=CHALLENGE[2]).failure == "badCertTemplate"


def test_how_many_wait() -> None:
    """No more than may be open for one client: systemUnavail."""
    world = CmpWorld(settings(open_transactions=2))
    assert [asked(world.client(), EC_KEY).type for _ in range(3)] == ["popdecc", "popdecc", "ip"]
    assert asked(world.client(), EC_KEY).failure == "systemUnavail"


def test_who_may_not_have_the_certificate_is_not_challenged(world: CmpWorld) -> None:
    """The refusal comes at once."""
    reply = world.client(place={"label": "none"}).enroll(template(spki(EC_KEY)), proof=CHALLENGE[3])
    assert (reply.type, reply.failure) == ("error", "badRequest")


@pytest.mark.parametrize(
    ("content", "failure"),
    [
        (der.sequence(der.integer(6)), "BAD_POP"),
        (der.sequence(), "BAD_REQUEST"),
        (der.sequence(der.integer(7), der.integer(7)), "BAD_REQUEST"),
        (der.sequence(der.NULL), "BAD_DATA_FORMAT"),
    ],
)
def test_wrong_answers(content: bytes, failure: str) -> None:
    """Another number, none, two, and what is no number."""
    kept = Challenge(sha256(der.integer(7)).digest(), b"", "")
    check_response(der.sequence(der.integer(7)), kept)
    with pytest.raises(Refused) as refusal:
        check_response(content, kept)
    assert failure_of(refusal.value).name == failure
    assert isinstance(refusal.value, Failure) == (failure != "BAD_DATA_FORMAT")
