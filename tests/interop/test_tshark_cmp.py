"""Every kind of CMP message that is sent here, decoded by tshark: nothing malformed, nothing that it warns of."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp import Body
from emca_daemon.asn1.cms_enveloping import ToCertificate
from emca_daemon.ca.records import RequestState
from emca_daemon.protocols.cmp.operations import general
from emca_daemon.protocols.cmp.passphrases import REV_PASSPHRASE
from tests.support import cmp_messages as build
from tests.support.ca_world import BY, ISSUING
from tests.support.cmp_challenges import answered, asked, number
from tests.support.cmp_envelopes import encrypted_key
from tests.support.cmp_kem import KemClient, vendor
from tests.support.cmp_messages import Template
from tests.support.cmp_world import Client, CmpWorld, Reply, enrolled, known, settings
from tests.support.tshark import seen

pytestmark = pytest.mark.interop

ALLOWED = {"BER: Dissector for OID not implemented. Contact Wireshark developers if you want this supported"}
"""What tshark says of extensions and values that it has no words for, and shows as octets."""

RSA_KEY = rsa.generate_private_key(65537, 2048)

SENT = frozenset(
    {
        *(Body.IP, Body.CP, Body.POPDECC, Body.KUP, Body.RP, Body.PKICONF, Body.NESTED),
        *(Body.GENP, Body.ERROR, Body.POLLREP),
    },
)
"""The bodies of answers."""


class Recorded(CmpWorld):
    """An endpoint whose answers are all kept."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        super().__init__(settings(key_generation=("p-256",)), [vendor()])
        self.people.devices["station-7"] = known()

    def answer(self, data: bytes, **place: str) -> Reply:
        """The answer, which is kept."""
        reply = super().answer(data, **place)
        self.answers.append(reply.data)
        return reply


@pytest.fixture(scope="module")
def world() -> Recorded:
    """An endpoint whose issuer has published a CRL."""
    world = Recorded()
    world.ca.crls.publish(ISSUING, BY)
    return world


def enrollments(world: Recorded, client: Client) -> None:
    """Ip and cp, with a certificate, with a rejection and with a wait; confirmed and polled for."""
    for tag in (0, 2):
        asking = client.renewed()
        asking.confirm(asking.enroll(tag=tag).certificate)
        client.renewed().enroll(Template(subject=None), tag=tag)
    waiting = world.client(place={"label": "slow"})
    waiting.enroll()
    waiting.poll()
    with world.ca.store.reading() as tx:
        (request,) = tx.pending.list(RequestState.WAITING)
    world.ca.approval.approve(request.id, BY)
    waiting.poll()
    key = ec.generate_private_key(ec.SECP256R1())
    csr = x509.CertificateSigningRequestBuilder(build.name("CN=dev1")).sign(key, hashes.SHA256())
    client.renewed().send(4, csr.public_bytes(Encoding.DER))


def challenges(client: Client) -> None:
    """Popdecc, and the ip that follows; by RSA, for this tshark knows challenges of version 2 alone."""
    challenged = client.renewed()
    assert answered(challenged, number(asked(challenged, RSA_KEY, subject="CN=dev1"), RSA_KEY)).failure == ""


def questions(client: Client) -> None:
    """Genp with an answer to everything that is known here, with nothing, and with what is not known."""
    values = {
        REV_PASSPHRASE: encrypted_key(ToCertificate(client.world.signers.current().certificate)),
        general.KEY_PAIR_PARAM_REQ: der.oid("1.2.840.10045.2.1"),
        general.SUPP_LANG_TAGS: der.sequence(der.tlv(0x0C, b"en")),
        general.CRL_STATUS_LIST: der.sequence(der.sequence(der.explicit(1, _issuer(client)))),
    }
    for oid in (*general.REPLIES, "1.2.3.4"):
        assert client.renewed().ask(oid, values.get(oid, b"")).type == "genp", oid
    client.renewed().send(21, der.sequence())


def _issuer(client: Client) -> bytes:
    certificate = client.world.ca.authorities.get(ISSUING).certificate
    return der.explicit(4, certificate.subject.public_bytes())


def revocations(client: Client) -> None:
    """Rp, accepted and rejected."""
    assert client.signer is not None
    serial = der.integer(client.signer[0].serial_number)[1:]
    issuer = der.explicit(3, client.signer[0].issuer.public_bytes())
    for template in (der.sequence(b"\x81\x01\x07", issuer), der.sequence(b"\x81" + serial, issuer)):
        assert client.renewed().send(11, der.sequence(der.sequence(template))).type == "rp"


def errors(world: Recorded, client: Client) -> None:
    """Errors with a protection of each kind and with none; the confirmation of a client's own error."""
    client.renewed().with_header(pvno=9).enroll()
    world.client().with_header(pvno=9).enroll()
    world.client(secret=b"wrong").enroll()
    world.answer(client.renewed().written(0, b"\x30\x00") + b"!")
    client.renewed().send(23, der.sequence(der.sequence(der.integer(2))))


def test_everything_that_is_sent(world: Recorded, tmp_path: Path) -> None:
    """Each body at least once, by a MAC and by a signature; the transaction is the one that was answered."""
    client = enrolled(world)
    enrollments(world, client)
    enrollments(world, world.client())
    challenges(client)
    challenges(world.client())
    questions(client)
    questions(world.client())
    client.renewed().enroll(tag=7)
    authority = enrolled(world, Template("CN=RA"), label="ra")
    batch = [world.client().written(0, der.sequence(build.request(Template()))) for _ in range(2)]
    authority.renewed().send(Body.NESTED, der.sequence(*batch))
    device = KemClient(world)
    device.ask()
    device.enroll()
    errors(world, client)
    revocations(client)
    found = seen(world.answers, tmp_path)
    assert {Body(one.body) for one in found if one.body is not None} == SENT
    for one, data in zip(found, world.answers, strict=True):
        assert one.body is not None
        assert one.transaction_id == Reply(data).octets("transactionID").hex()
        assert set(one.complaints) <= ALLOWED, (Body(one.body), one.complaints)


def test_keys_and_certificates_in_envelopes(world: Recorded, tmp_path: Path) -> None:
    """Cp with a key made by the CA, and with a certificate encrypted for its holder.

    This tshark knows both as EncryptedValue of RFC 4210 alone and stops there; OpenSSL and Bouncy Castle open them.
    """
    before = len(world.answers)
    for client in (enrolled(world), world.client()):
        assert client.enroll(Template(key=None), tag=2, proof=b"").type == "cp"
        encrypted = der.explicit(2, der.implicit(1, b"\x00"))  # subsequentMessage encrCert
        assert client.renewed().enroll(tag=2, proof=encrypted).type == "cp"
    stopped = "BER Error: Sequence expected but class:CONTEXT(2) Constructed tag:0 was unexpected"
    for one in seen(world.answers[before:], tmp_path):
        assert one.body in (Body.IP, Body.CP)
        assert set(one.complaints) <= {*ALLOWED, stopped}, one.complaints


def test_what_is_malformed_is_noticed(world: Recorded, tmp_path: Path) -> None:
    """The check can fail: broken messages are complained of."""
    whole = world.client().enroll().data
    broken = bytearray(whole)
    broken[broken.index(b"\x02\x01\x02")] = 0x77  # pvno is no INTEGER any more
    first, second, third = seen([whole, bytes(broken), whole[:100]], tmp_path)
    assert first.body == Body.IP
    assert set(first.complaints) <= ALLOWED
    assert set(second.complaints) - ALLOWED
    assert set(third.complaints) - ALLOWED
