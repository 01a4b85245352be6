"""A CMP endpoint over a whole CA in memory, and a client that can get everything wrong."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from pyasn1.codec.der.decoder import decode
from pyasn1.codec.der.encoder import encode
from pyasn1_alt_modules import rfc9810

from emca_daemon.asn1 import der
from emca_daemon.asn1.names import name_to_subject
from emca_daemon.asn1.values import algorithm
from emca_daemon.ca.cmp_signers import CmpSigners
from emca_daemon.names import AlternativeName, ProfileName
from emca_daemon.policy.profile import Profile
from emca_daemon.protocols.cmp.authentication import Authentication
from emca_daemon.protocols.cmp.calls import Endpoint, Origin
from emca_daemon.protocols.cmp.exchange import Exchange
from emca_daemon.protocols.cmp.expiry import Expiry
from emca_daemon.protocols.cmp.macs import compute
from emca_daemon.protocols.cmp.ports import Registration, SharedSecret
from emca_daemon.protocols.cmp.responder import CmpResponder
from emca_daemon.protocols.cmp.vendor_paths import VendorPaths
from emca_daemon.randomness import system_random
from emca_daemon.settings.cmp import CmpSettings
from tests.support import cmp_messages as build
from tests.support.ca_world import BY, ISSUING, World, conf_profiles
from tests.support.cmp_messages import HeaderParts, Template

SECRET = b"insta"
MACHINE = ProfileName("machine")
ENCRYPTION = ProfileName("encryption")
REGISTRATION_AUTHORITY = ProfileName("registration-authority")
BITS = (
    *("badAlg", "badMessageCheck", "badRequest", "badTime", "badCertId", "badDataFormat", "wrongAuthority"),
    *("incorrectData", "missingTimeStamp", "badPOP", "certRevoked", "certConfirmed", "wrongIntegrity"),
    *("badRecipientNonce", "timeNotAvailable", "unacceptedPolicy", "unacceptedExtension", "addInfoNotAvailable"),
    *("badSenderNonce", "badCertTemplate", "signerNotTrusted", "transactionIdInUse", "unsupportedVersion"),
    *("notAuthorized", "systemUnavail", "systemFailure", "duplicateCertReq"),
)


@dataclass
class People:
    """Who is known: secrets by reference value, devices by identifier."""

    secrets: dict[str, Registration] = field(default_factory=lambda: {"dev1": Registration()})
    devices: dict[str, Registration] = field(default_factory=dict)
    key: bytes = SECRET

    def secret(self, reference: bytes) -> SharedSecret | None:
        """The secret of a reference value."""
        found = self.secrets.get(reference.decode("latin-1"))
        return None if found is None else SharedSecret(reference.decode("latin-1"), self.key, found)

    def device(self, identifiers: Sequence[str]) -> Registration | None:
        """The first that is registered."""
        return next((self.devices[one] for one in identifiers if one in self.devices), None)


class Reply:
    """An answer, read by another decoder than ours."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.message: Any = decode(data, asn1Spec=rfc9810.PKIMessage())[0]
        self.header: Any = self.message["header"]
        self.type: str = self.message["body"].getName()
        self.body: Any = self.message["body"].getComponent()

    @property
    def status(self) -> Any:
        """The PKIStatusInfo in it."""
        if self.type == "error":
            return self.body["pKIStatusInfo"]
        return self.body["status"][0] if self.type == "rp" else self.body["response"][0]["status"]

    @property
    def failure(self) -> str:
        """The failInfo's name; empty where there is none."""
        info = self.status["failInfo"]
        bits = [BITS[place] for place, bit in enumerate(info) if bit] if info.isValue else []
        return " ".join(bits)

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate in an ip, cp or kup."""
        pair = self.body["response"][0]["certifiedKeyPair"]["certOrEncCert"]["certificate"]
        tagged = encode(pair)
        return x509.load_der_x509_certificate(tagged[2 + (tagged[1] & 0x7F) :])  # [0] EXPLICIT is before it

    def octets(self, name: str) -> bytes:
        """A field of the header."""
        return bytes(self.header[name])

    @property
    def is_protected(self) -> bool:
        """Whether it is."""
        return bool(self.message["protection"].isValue)

    @property
    def algorithm(self) -> str:
        """The OID of its protection."""
        return str(self.header["protectionAlg"]["algorithm"])

    @property
    def information(self) -> list[str]:
        """The OIDs in generalInfo."""
        return [str(one["infoType"]) for one in self.header["generalInfo"]]


def settings(**changes: Any) -> CmpSettings:
    """Settings for machines; all ways in are open."""
    given: dict[str, Any] = {
        "profile": MACHINE,
        "issuer": ISSUING,
        "accept": ("secret", "certificate", "ra", "vendor"),
        "profiles": {"slow": ProfileName("slow"), "ra": REGISTRATION_AUTHORITY, "encryption": ENCRYPTION},
    }
    return CmpSettings(**{**given, **changes})


def _profiles() -> dict[ProfileName, Profile]:
    """The profiles that are shipped, and some that need a person, none, or CMP."""
    profiles = dict(conf_profiles())
    slow = replace(profiles[MACHINE], name=ProfileName("slow"), approval="manual")
    authority = replace(profiles[ProfileName("registration-authority")], approval="automatic")
    issuing = profiles[ProfileName("issuing-ca")]
    requesters = replace(issuing.requesters, protocols=("cmp",))
    validity = replace(issuing.validity, requested="allow")
    cross = replace(issuing, name=ProfileName("cross"), requesters=requesters, approval="automatic", validity=validity)
    profiles |= {slow.name: slow, authority.name: authority, cross.name: cross}
    return profiles


class CmpWorld:
    """The CA, one endpoint and its responder."""

    def __init__(
        self,
        chosen: CmpSettings | None = None,
        vendors: Sequence[x509.Certificate] = (),
        algorithm: str = "p-256",
    ) -> None:
        """`algorithm` is that of the CA's keys."""
        self.ca = World(_profiles()).with_issuers(algorithm)
        self.people = People()
        self.settings = chosen or settings()
        self.signers = CmpSigners(
            issuer=ISSUING,
            profile=self.settings.signer_profile,
            key=self.settings.signer_key,
            store=self.ca.store,
            authorities=self.ca.authorities,
            enrollment=self.ca.enrollment,
            keys=self.ca.keys,
            clock=self.ca.clock,
        )
        self.signers.renew(replace(BY, protocol="daemon"))
        self.key_authorities = CmpSigners(
            issuer=ISSUING,
            profile=self.settings.key_generation_profile,
            key=None,
            store=self.ca.store,
            authorities=self.ca.authorities,
            enrollment=self.ca.enrollment,
            keys=self.ca.keys,
            clock=self.ca.clock,
            role="kga",
        )
        if self.settings.key_generation:
            self.key_authorities.renew(replace(BY, protocol="daemon"))
        self.vendors = VendorPaths(vendors)
        self.endpoint = self.make_endpoint()
        self.exchange = Exchange(self.endpoint)
        self.responder = CmpResponder(self.exchange, path="/.well-known/cmp", settings=self.settings)
        self.expiry = Expiry(
            store=self.ca.store,
            revoking=self.ca.revoking,
            settings={"main": self.settings},
            requester=BY,
            clock=self.ca.clock,
        )

    def make_endpoint(self) -> Endpoint:
        """The endpoint as one process has it."""
        ca = self.ca
        authentication = Authentication(
            endpoint="main",
            settings=self.settings,
            store=ca.store,
            registry=self.people,
            vendors=self.vendors,
            clock=ca.clock,
        )
        return Endpoint(
            name="main",
            settings=self.settings,
            store=ca.store,
            authorities=ca.authorities,
            enrollment=ca.enrollment,
            revoking=ca.revoking,
            signers=self.signers,
            registry=self.people,
            authentication=authentication,
            weak_keys=None,
            root_update=(),
            clock=ca.clock,
            random=system_random,
            key_authorities=self.key_authorities if self.settings.key_generation else None,
        )

    def client(self, **changes: Any) -> "Client":
        """A client with the shared secret."""
        return Client(self, **changes)

    def answer(self, data: bytes, **place: str) -> Reply:
        """The endpoint's answer to some octets."""
        return Reply(self.exchange.answer(data, Origin("192.0.2.9", "req-9", **place)))

    def status_of(self, certificate: x509.Certificate) -> str:
        """What the store knows of a certificate: its revocation reason, or `good`."""
        with self.ca.store.reading() as tx:
            record = tx.certificates.find_by_fingerprint(certificate.fingerprint(hashes.SHA256()))
        assert record is not None
        return record.revocation.reason.name if record.revocation else "good"


@dataclass
class Client:
    """One end entity: with `signer` (certificate and key) it signs, else it uses the shared secret `dev1`.

    `protection` is another MAC than PasswordBasedMac, as an AlgorithmIdentifier.
    """

    world: CmpWorld
    reference: bytes = b"dev1"
    secret: bytes = SECRET
    signer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None
    transaction_id: bytes | None = field(default_factory=lambda: system_random(16))
    answered: bytes | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    certificates: Sequence[bytes] | None = None
    place: Mapping[str, str] = field(default_factory=dict)
    protection: bytes | None = None

    def with_header(self, **changes: Any) -> "Client":
        """The same client with other fields in the headers that it sends."""
        return replace(self, changes={**self.changes, **changes})

    def renewed(self) -> "Client":
        """The same client at the start of another transaction."""
        return replace(self, transaction_id=system_random(16), answered=None)

    def written(self, tag: int, content: bytes) -> bytes:
        """A message, protected."""
        parts = HeaderParts(
            now=self.world.ca.clock(),
            transaction_id=self.transaction_id,
            nonce=system_random(16),
            answered=self.answered,
            **self._identity(),
        )
        parts = replace(parts, **self.changes)
        header = parts.encoded()
        protected = der.sequence(header, der.explicit(tag, content))
        if self.signer is None:
            mac = hmac.digest(build.mac_key(self.secret), protected, "sha1")
            if self.protection is not None:
                mac = compute(algorithm(self.protection), self.secret, protected, 10_000)
            return build.message(header, tag, content, mac)
        certificate, key = self.signer
        own = (certificate.public_bytes(Encoding.DER),) if self.certificates is None else self.certificates
        return build.message(header, tag, content, key.sign(protected, ec.ECDSA(hashes.SHA256())), *own)

    def _identity(self) -> dict[str, Any]:
        if self.signer is None:
            return {"kid": self.reference, "algorithm": self.protection or build.password_based()}
        certificate = self.signer[0]
        identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        return {"kid": identifier, "algorithm": build.EC_SHA256, "sender": certificate.subject.rfc4514_string()}

    def send(self, tag: int, content: bytes) -> Reply:
        """Send a message; the client remembers the nonce of the answer."""
        reply = self.world.answer(self.written(tag, content), **self.place)
        self.answered = reply.octets("senderNonce")
        return reply

    def enroll(self, template: Template | None = None, tag: int = 0, **how: Any) -> Reply:
        """Ir (or cr, kur)."""
        return self.send(tag, der.sequence(build.request(template or Template(), **how)))

    def confirm(
        self, certificate: x509.Certificate, *, request_id: int = 0, status: bytes = b"", more: bytes = b""
    ) -> Reply:
        """CertConf."""
        digest = certificate.fingerprint(hashes.SHA256())
        one = der.sequence(der.octet_string(digest), der.integer(request_id), status, more)
        return self.send(24, der.sequence(one))

    def poll(self, request_id: int = 0) -> Reply:
        """PollReq."""
        return self.send(25, der.sequence(der.sequence(der.integer(request_id))))

    def ask(self, oid: str, value: bytes = b"") -> Reply:
        """Genm with one question."""
        return self.send(21, der.sequence(der.sequence(der.oid(oid), value)))


def enrolled(world: CmpWorld, template: Template | None = None, **place: str) -> Client:
    """A client that has a certificate and signs with it."""
    template = template or Template()
    client = world.client(place=place)
    reply = client.with_header(information=(build.IMPLICIT,)).enroll(template)
    assert template.key is not None
    return world.client(signer=(reply.certificate, template.key))


def known(subject: str | None = None, *names: AlternativeName) -> Registration:
    """A registration of that subject and these names."""
    return Registration(None if subject is None else name_to_subject(build.name(subject)), frozenset(names) or None)
