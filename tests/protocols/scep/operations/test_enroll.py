"""Tests of emca_daemon.protocols.scep.operations.enroll."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from emca_daemon.asn1.cms_enveloping import ToCertificate, ToPassword
from emca_daemon.ca.records import RevocationReason
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import KeyName, ProfileName
from emca_daemon.protocols.scep.challenges import Admission, Attempt, NoChallenge, StaticChallenge
from emca_daemon.protocols.scep.messages import MessageType
from emca_daemon.protocols.scep.responder import ScepResponder
from emca_daemon.settings.scep import ScepLegacySettings, ScepRenewalSettings
from tests.support.ca_world import BY, ISSUING
from tests.support.scep_world import BY as DAEMON
from tests.support.scep_world import SECRET, Client, ScepWorld, device_key, settings, signed_with

RENEWAL = MessageType.RENEWAL_REQ.value
MANUAL = {"profile": ProfileName("device-manual")}


def test_a_certificate_is_issued_to_who_knows_the_challenge() -> None:
    """The leaf alone is in the envelope; the signer's certificate is beside the signature."""
    world = ScepWorld()
    client = Client(world, names=("a.example",))
    reply = client.enroll()
    certificate = client.issued(reply)
    assert certificate.public_key() == client.key.public_key()
    assert certificate.issuer == world.authorities.get(ISSUING).certificate.subject
    assert len(reply.signed.certificates) == 1
    assert (reply.transaction_id, reply.recipient_nonce) == (client.transaction_id, client.nonce)
    assert len(reply.sender_nonce) == 16
    assert ("certificate.issue", "success") in world.actions()


@pytest.mark.parametrize("password", [None, b"", b"wrong", SECRET + b" "])
def test_without_the_challenge_nothing_is_issued(password: bytes | None) -> None:
    """The answer is badRequest, and the audit chain knows."""
    world = ScepWorld()
    reply = Client(world, password=password).enroll()
    assert (reply.status, reply.fail_info) == ("2", "2")
    assert reply.content == b""
    assert "challenge password" in reply.text
    assert any("challenge password" in refusal for refusal in world.refusals())


def test_the_same_request_gets_the_same_certificate() -> None:
    """Until its time is over, then a new one."""
    world = ScepWorld()
    client = Client(world)
    message = client.message(client.csr())
    first = client.issued(client.exchange(message))
    assert client.issued(client.exchange(message)) == first
    assert client.issued(client.enroll()) == first
    world.clock.advance(days=2)
    assert client.issued(client.enroll()) != first


def test_a_revoked_certificate_is_not_handed_out_again() -> None:
    """The same request is a new one then."""
    world = ScepWorld()
    client = Client(world)
    first = client.issued(client.enroll())
    with world.store.reading() as tx:
        record = tx.certificates.find(ISSUING, first.serial_number)  # type: ignore[arg-type]
    assert record is not None
    world.revoking.revoke(ISSUING, record.intent.serial, RevocationReason.SUPERSEDED, BY)
    assert client.issued(client.enroll()) != first


def test_another_request_under_a_finished_transaction_is_new() -> None:
    """Clients use transactionIDs again."""
    world = ScepWorld()
    client = Client(world)
    first = client.issued(client.enroll())
    other = replace(client, names=("b.example",))
    assert other.issued(other.enroll()) != first


def test_the_key_of_the_request_must_sign_the_message() -> None:
    """A self-signed certificate of another key proves nothing; its name does not matter."""
    world = ScepWorld()
    client = Client(world)
    reply = client.enroll(key=device_key(1))
    assert (reply.status, reply.fail_info) == ("2", "2")
    named = replace(client, certificate=Client(world, common_name="router.example").own_certificate())
    assert named.issued(named.enroll()).public_key() == client.key.public_key()


def test_policy_refuses_with_bad_request_and_its_reasons() -> None:
    """Once in the audit chain, not twice."""
    world = ScepWorld()
    reply = Client(world, names=("*.example",)).enroll()
    assert (reply.status, reply.fail_info) == ("2", "2")
    assert "*.example" in reply.text
    assert len(world.refusals()) == 1


@pytest.mark.parametrize(
    ("switch", "digest", "oid"),
    [("sha1", hashes.SHA1(), "1.2.840.113549.1.1.5"), ("md5", hashes.MD5(), "1.2.840.113549.1.1.4")],
)
def test_old_devices_sign_the_request_with_an_old_digest_as_well(
    switch: str, digest: hashes.HashAlgorithm, oid: str
) -> None:
    """By the same switch as their messages, and by no other; elsewhere it is badAlg."""
    for legacy, expected in (
        (ScepLegacySettings(), ("2", "0")),
        (ScepLegacySettings(**{"sha1": True, "md5": True, switch: False}), ("2", "0")),
        (ScepLegacySettings(**{switch: True}), ("0", None)),
    ):
        client = Client(ScepWorld(settings(legacy=legacy)))
        assert isinstance(client.key, rsa.RSAPrivateKey)
        request = signed_with(client.csr(), client.key, digest, oid)
        reply = client.exchange(client.message(request))
        assert (reply.status, reply.fail_info) == expected
        wrong = client.exchange(client.message(request[:-1] + bytes((request[-1] ^ 1,))))
        assert (wrong.status, wrong.fail_info) == ("2", "2")


def test_what_waits_is_pending_until_a_person_decides() -> None:
    """By the same request and by CertPoll; then it is issued to both."""
    world = ScepWorld(settings(**MANUAL))
    client = Client(world)
    assert client.enroll().status == client.enroll().status == client.poll().status == "3"
    with world.store.reading() as tx:
        (waiting,) = tx.pending.list(None)
    issued = world.approval.approve(waiting.id, BY)
    assert client.issued(client.poll()).serial_number == issued.record.intent.serial
    assert client.issued(client.enroll()).serial_number == issued.record.intent.serial


def test_what_was_rejected_stays_so() -> None:
    """With the person's words."""
    world = ScepWorld(settings(**MANUAL))
    client = Client(world)
    client.enroll()
    with world.store.reading() as tx:
        (waiting,) = tx.pending.list(None)
    world.approval.reject(waiting.id, BY, "who is that?")
    for reply in (client.enroll(), client.poll()):
        assert (reply.status, reply.fail_info) == ("2", "2")
        assert "who is that?" in reply.text


def test_without_a_challenge_a_person_decides_or_nobody() -> None:
    """A profile that would be issued at once is refused."""
    waits = ScepWorld(settings(**MANUAL), challenges=NoChallenge())
    assert Client(waits, password=None).enroll().status == "3"
    world = ScepWorld(challenges=NoChallenge())
    assert Client(world, password=None).enroll().fail_info == "2"


@pytest.mark.parametrize("kind", [RENEWAL, MessageType.PKCS_REQ.value])
def test_the_old_certificate_renews_without_the_challenge(kind: str) -> None:
    """As RenewalReq and as PKCSReq; with a new key and with the old one."""
    world = ScepWorld()
    client = Client(world, names=("a.example",))
    old = client.issued(client.enroll())
    holder = replace(client, certificate=old)
    new = holder.issued(holder.renew(kind=kind, key=device_key(1)))
    assert new.public_key() == device_key(1).public_key()
    assert new.subject == old.subject
    same = holder.issued(holder.renew(kind=kind))
    assert same.public_key() == client.key.public_key()
    assert same != old


def test_the_very_same_request_renews_when_the_certificate_signs_it() -> None:
    """Certmonger sends the CSR that it enrolled with."""
    client = Client(ScepWorld())
    old = client.issued(client.enroll())
    holder = replace(client, certificate=old)
    new = holder.issued(holder.enroll())
    assert new != old
    assert holder.issued(holder.enroll()) == new


def test_a_renewal_does_not_change_names() -> None:
    """Unless the endpoint lets it."""
    world = ScepWorld()
    client = Client(world, names=("a.example",))
    holder = replace(client, certificate=client.issued(client.enroll()))
    for other in (replace(holder, common_name="other"), replace(holder, names=("a.example", "b.example"))):
        reply = other.renew()
        assert (reply.status, reply.fail_info) == ("2", "2")
    assert replace(holder, names=()).renew().status == "0"
    free = ScepWorld(settings(renewal=ScepRenewalSettings(same_names=False)))
    client = Client(free)
    holder = replace(client, certificate=client.issued(client.enroll()), common_name="other")
    assert holder.renew().status == "0"


def test_renewals_may_want_a_new_key() -> None:
    """As the endpoint says."""
    client = Client(ScepWorld(settings(renewal=ScepRenewalSettings(same_key=False))))
    holder = replace(client, certificate=client.issued(client.enroll()))
    assert holder.renew().fail_info == "2"
    assert holder.renew(key=device_key(1)).status == "0"


def test_a_renewal_by_a_stranger_is_refused() -> None:
    """A RenewalReq needs a certificate of ours."""
    client = Client(ScepWorld())
    reply = client.enroll(kind=RENEWAL)
    assert (reply.status, reply.fail_info) == ("2", "2")


def test_after_its_end_only_the_challenge_helps() -> None:
    """An expired certificate renews nothing; the device may enroll anew with it."""
    world = ScepWorld()
    client = Client(world)
    holder = replace(client, certificate=client.issued(client.enroll()))
    world.clock.advance(days=400)
    world.ra.renew(DAEMON)
    assert "expired" in holder.renew().text
    assert "expired" in holder.renew(kind=RENEWAL).text
    assert holder.enroll().status == "0"


def test_keys_that_do_not_decrypt_get_an_envelope_for_the_challenge() -> None:
    """PasswordRecipientInfo (RFC 8894 3.1); without a password badAlg, and nothing is issued."""
    world = ScepWorld()
    client = Client(world, key=device_key(0, "ec"))
    certificate = client.issued(client.enroll(), SECRET)
    assert certificate.public_key() == client.key.public_key()
    before = world.actions().count(("certificate.issue", "success"))
    holder = replace(client, certificate=certificate)
    assert holder.renew().fail_info == "0"
    assert world.actions().count(("certificate.issue", "success")) == before


def test_requests_may_be_encrypted_with_the_challenge() -> None:
    """Or to several recipients, ours somewhere among them, named by key identifier."""
    world = ScepWorld()
    client = Client(world)
    sealed = client.message(client.csr(), to=(ToPassword(SECRET),))
    assert client.exchange(sealed).status == "0"
    other = ToCertificate(client.own_certificate())
    ours = ToCertificate(world.recipient(), oaep="sha256", by_key_identifier=True)
    assert client.exchange(client.message(client.csr(), to=(other, ours))).status == "0"


def test_somebody_elses_key_does_not_get_the_remembered_answer() -> None:
    """The transaction belongs to who signed it."""
    world = ScepWorld()
    client = Client(world)
    client.enroll()
    thief = replace(client, key=device_key(1))
    reply = thief.exchange(thief.message(client.csr()))
    assert (reply.status, reply.fail_info) == ("2", "2")


def test_of_two_requests_at_once_one_is_told_to_wait() -> None:
    """The other process has the serial number already; the poll finds its certificate."""
    world = ScepWorld()
    client = Client(world)
    slow = ScepWorld.__new__(ScepWorld)
    slow.__dict__.update(world.__dict__)

    class Overtaken(StaticChallenge):
        """While this one thinks, the same request is answered elsewhere."""

        def check(self, attempt: Attempt) -> Admission:
            admission = super().check(attempt)
            client.enroll()
            return admission

    overtaken = replace(world.endpoint, challenges=Overtaken(SECRET))
    slow.responder = ScepResponder(overtaken, waits=True)
    assert Client(slow).enroll().status == "3"
    assert client.poll().status == "0"
    assert world.actions().count(("certificate.issue", "success")) == 4  # root, issuing CA, RA, one device


def test_a_signer_that_is_down_passes() -> None:
    """HTTP 503; the policy of challenges is told of no failure, and the same request is issued later."""
    told: list[str] = []

    class Telling(StaticChallenge):
        """Remembers what it was told."""

        def failed(self, attempt: Attempt, detail: str) -> None:
            told.append(f"{attempt.endpoint}: {detail}")

        def succeeded(self, attempt: Attempt, certificate: bytes) -> None:
            told.append(f"{attempt.endpoint}: {len(certificate) > 100}")

    world = ScepWorld(challenges=Telling(SECRET))
    client = Client(world)
    issuing = KeyName("memory:issuing")
    key = world.keys.keys.pop(issuing)

    class Down(dict[KeyName, object]):
        """A token of which one key does not answer."""

        def __contains__(self, name: object) -> bool:
            if name == issuing:
                raise Refused(Reason.UNAVAILABLE, "the token does not answer")
            return super().__contains__(name)

    keys = world.keys.keys
    world.keys.keys = Down(keys)  # type: ignore[assignment]
    assert world.post(client.message(client.csr())).status == 503
    world.keys.keys = {**keys, issuing: key}
    assert client.issued(client.enroll())
    assert told == ["site: True"]
