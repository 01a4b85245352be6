"""A SCEP endpoint over a CA in memory, and a client of our own that talks to it without any socket."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1 import ber, cms, cms_decrypting, cms_enveloped, cms_enveloping, cms_signed, cms_signing, der
from emca_daemon.asn1.cms_algorithms import CIPHERS, DIGEST_OIDS
from emca_daemon.ca.ra_certificates import RaCertificates, RaPlan
from emca_daemon.names import ProfileName
from emca_daemon.policy.facts import Requester
from emca_daemon.policy.weak_keys import WeakKeys
from emca_daemon.protocols.http import Peer, Request, Response
from emca_daemon.protocols.scep import messages
from emca_daemon.protocols.scep.challenges import Challenges, StaticChallenge
from emca_daemon.protocols.scep.endpoint import Endpoint
from emca_daemon.protocols.scep.messages import MessageType
from emca_daemon.protocols.scep.ports import Registration
from emca_daemon.protocols.scep.registration import OwnRegistration, RaRegistration
from emca_daemon.protocols.scep.responder import ScepResponder
from emca_daemon.randomness import system_random
from emca_daemon.settings.scep import ScepSettings
from tests.support.ca_world import ISSUING, START, World

SECRET = b"open sesame"
BY = Requester("daemon", "daemon", "local", "daemon", "req-0")
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def device_key(number: int = 0, kind: str = "rsa") -> Key:
    """A device's key, made once."""
    assert number >= 0
    return ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)


def settings(**changes: object) -> ScepSettings:
    """An endpoint's settings."""
    given: dict[str, object] = {"profile": ProfileName("device"), "issuer": ISSUING, **changes}
    return ScepSettings(**given)  # type: ignore[arg-type]


class ScepWorld(World):
    """A CA with an endpoint called `site`."""

    def __init__(
        self,
        chosen: ScepSettings | None = None,
        *,
        algorithm: str = "p-256",
        challenges: Challenges | None = None,
        url: str = "sqlite:///:memory:",
    ) -> None:
        super().__init__(url=url)
        self.with_issuers(algorithm)
        self.settings = chosen or settings()
        plan = RaPlan("site", ISSUING, self.settings.ra_profiles, "memory")
        self.ra = RaCertificates(
            plan,
            store=self.store,
            authorities=self.authorities,
            enrollment=self.enrollment,
            keys=self.keys,
            clock=self.clock,
            random=system_random,
        )
        if self.settings.ra_profiles:
            self.ra.renew(BY)
        own = OwnRegistration(lambda: self.authorities.get(ISSUING), self.keys)
        registration: Registration = (
            RaRegistration(self.ra, own if self.settings.ca_decrypts else None) if self.settings.ra_profiles else own
        )
        self.endpoint = Endpoint(
            name="site",
            settings=self.settings,
            store=self.store,
            authorities=self.authorities,
            enrollment=self.enrollment,
            registration=registration,
            challenges=challenges or StaticChallenge(SECRET),
            clock=self.clock,
            random=system_random,
            weak_keys=WeakKeys(),
        )
        self.responder = ScepResponder(self.endpoint, waits=True)

    def guard(self, challenges: Challenges) -> None:
        """Let another policy decide who may ask."""
        self.endpoint = replace(self.endpoint, challenges=challenges)
        self.responder = ScepResponder(self.endpoint, waits=True)

    def ask(self, query: str, body: bytes = b"", method: str = "GET") -> Response:
        """One HTTP request."""
        return self.responder.respond(Request(method, "/scep/site", query, (), body, Peer("192.0.2.9"), "request-1"))

    def post(self, message: bytes) -> Response:
        """A message by POST."""
        return self.ask("operation=PKIOperation", message, "POST")

    def get(self, text: str) -> Response:
        """A message by GET, already as text."""
        return self.ask("operation=PKIOperation&message=" + quote(text))

    def recipient(self) -> x509.Certificate:
        """Whom clients encrypt to."""
        return self.endpoint.registration.decryptors(fresh=False)[-1]

    def refusals(self) -> list[str]:
        """What the audit chain says of refusals."""
        with self.store.reading() as tx:
            events = [sealed.event for sealed in tx.audit.walk()]
        return [str(event.details.get("detail")) for event in events if event.outcome == "refused"]


@dataclass(frozen=True)
class Reply:
    """A CertRep as its client reads it."""

    status: str
    fail_info: str | None
    text: str
    transaction_id: bytes
    recipient_nonce: bytes | None
    sender_nonce: bytes
    signed: cms_signed.SignedData
    content: bytes
    attributes: Mapping[str, tuple[bytes, ...]] = field(repr=False)


@dataclass(frozen=True)
class Client:
    """A device: its key, the certificate it signs with, and how it writes messages."""

    world: ScepWorld
    key: Key = field(default_factory=device_key)
    certificate: x509.Certificate | None = None
    common_name: str = "device-1"
    password: bytes | None = SECRET
    transaction_id: bytes = b"1F2E3D"
    digest: str = "sha256"
    cipher: str = "aes-128-cbc"
    nonce: bytes | None = b"n" * 16
    names: tuple[str, ...] = ()

    def own_certificate(self) -> x509.Certificate:
        """The certificate that it signs with: self-signed until it has another."""
        return self.certificate or self_signed(self.key, self.common_name)

    def csr(self, key: Key | None = None) -> bytes:
        """A request, with challenge and names."""
        return request(key or self.key, self.common_name, self.password, self.names)

    def message(
        self,
        data: bytes,
        kind: str = MessageType.PKCS_REQ.value,
        *,
        to: tuple[cms_enveloping.ToCertificate | cms_enveloping.ToPassword, ...] = (),
        without: tuple[str, ...] = (),
    ) -> bytes:
        """A pkiMessage around data; `without` names attributes to leave out."""
        recipients = to or (cms_enveloping.ToCertificate(self.world.recipient()),)
        envelope = cms_enveloping.envelop(data, recipients, self.cipher, system_random)
        attributes = {
            messages.MESSAGE_TYPE: der.tlv(0x13, kind.encode()),
            messages.TRANSACTION_ID: der.tlv(0x13, self.transaction_id),
        }
        if self.nonce is not None:
            attributes[messages.SENDER_NONCE] = der.octet_string(self.nonce)
        certificate = self.own_certificate()
        return cms_signing.sign_data(
            envelope,
            cms_signing.SigningIdentity(certificate, self.key),
            digest_name=self.digest,
            attributes={oid: value for oid, value in attributes.items() if oid not in without},
            certificates=[certificate.public_bytes(Encoding.DER)],
        )

    def enroll(self, *, kind: str = MessageType.PKCS_REQ.value, key: Key | None = None) -> Reply:
        """Ask for a certificate."""
        return self.exchange(self.message(self.csr(key), kind))

    def renew(self, *, kind: str = MessageType.PKCS_REQ.value, key: Key | None = None) -> Reply:
        """Ask for another one, without the challenge."""
        return replace(self, password=None).enroll(kind=kind, key=key)

    def poll(self) -> Reply:
        """Ask how the request stands."""
        name = x509.Name([]).public_bytes()
        return self.exchange(self.message(der.sequence(name, name), MessageType.CERT_POLL.value))

    def look_up(self, kind: MessageType, serial: int, issuer: x509.Name | None = None) -> Reply:
        """GetCert or GetCRL."""
        name = issuer or self.world.authorities.get(ISSUING).certificate.subject
        return self.exchange(self.message(der.sequence(name.public_bytes(), der.integer(serial)), kind.value))

    def exchange(self, message: bytes) -> Reply:
        """Send a message and read the CertRep."""
        response = self.world.post(message)
        assert response.status == 200, response.body
        assert response.header("content-type") == "application/x-pki-message"
        return read_reply(response.body)

    def opened(self, reply: Reply, password: bytes | None = None) -> cms_signed.SignedData:
        """What is in the envelope of a reply."""
        enveloped = cms_enveloped.read_enveloped_data(reply.content)
        if password is not None:
            data = cms_decrypting.decrypt_with_password(enveloped, password, ciphers=CIPHERS, random=system_random)
        else:
            recipient = enveloped.recipient_for(self.own_certificate())
            assert recipient is not None
            data = cms_decrypting.decrypt_with_key(
                enveloped, recipient, self.key, ciphers=CIPHERS, random=system_random
            )
        return cms_signed.read_signed_data(data)

    def issued(self, reply: Reply, password: bytes | None = None) -> x509.Certificate:
        """The one certificate that a reply brings."""
        assert reply.status == "0", (reply.fail_info, reply.text)
        (encoded,) = self.opened(reply, password).certificates
        return x509.load_der_x509_certificate(encoded)


def read_reply(body: bytes) -> Reply:
    """A CertRep, its signature checked."""
    assert ber.to_der(body) == body
    signed = cms_signed.read_signed_data(body)
    signer = signed.signers[0]
    cms_signed.verify_signer(signed, signer, cms_signed.public_key_of(signed.certificate_of(signer)), DIGEST_OIDS)
    assert signed.content is not None

    def text(oid: str) -> str | None:
        value = signer.attribute(oid)
        return None if value is None else ber.element(value).content.decode()

    def octets(oid: str) -> bytes | None:
        value = signer.attribute(oid)
        return None if value is None else ber.element(value).content

    assert text(messages.MESSAGE_TYPE) == "3"
    return Reply(
        status=text(messages.PKI_STATUS) or "",
        fail_info=text(messages.FAIL_INFO),
        text=text(messages.FAIL_INFO_TEXT) or "",
        transaction_id=octets(messages.TRANSACTION_ID) or b"",
        recipient_nonce=octets(messages.RECIPIENT_NONCE),
        sender_nonce=octets(messages.SENDER_NONCE) or b"",
        signed=signed,
        content=signed.content,
        attributes=signer.attributes or {},
    )


@cache
def self_signed(key: Key, common_name: str) -> x509.Certificate:
    """A certificate of the device's own making."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(START).not_valid_after(START + timedelta(days=1))
    return builder.sign(key, hashes.SHA256())


def request(key: Key, common_name: str, password: bytes | None, names: tuple[str, ...] = ()) -> bytes:
    """A PKCS #10 request."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), False)
    if password is not None:
        builder = builder.add_attribute(x509.ObjectIdentifier("1.2.840.113549.1.9.7"), password)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def signed_with(data: bytes, key: rsa.RSAPrivateKey, digest: hashes.HashAlgorithm, oid: str) -> bytes:
    """The same request with a signature that today's libraries do not make."""
    information = ber.elements(ber.element(data).content)[0].encoded
    signature = key.sign(information, padding.PKCS1v15(), digest)
    return der.sequence(information, der.sequence(der.oid(oid), der.NULL), der.bit_string(signature))


def issuer_and_serial(certificate: x509.Certificate) -> bytes:
    """IssuerAndSerialNumber."""
    return cms.issuer_and_serial(certificate)
