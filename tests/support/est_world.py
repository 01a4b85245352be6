"""EST over a whole CA in memory: labels, clients and what they send."""

import hashlib
from base64 import b64decode, b64encode
from dataclasses import replace

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from emca_daemon.asn1 import der
from emca_daemon.asn1.cms_signed import read_certificate, read_signed_data
from emca_daemon.asn1.cms_signing import SigningIdentity
from emca_daemon.asn1.values import encoded, sequence_parts
from emca_daemon.ca.enrollment import Issued
from emca_daemon.ca.passwords import Lockout, PasswordCheck, new_credential
from emca_daemon.names import ProfileName
from emca_daemon.policy.csr import read_csr
from emca_daemon.policy.facts import Requester
from emca_daemon.policy.weak_keys import WeakKeys
from emca_daemon.protocols.est.authentication import ALGORITHM_OF
from emca_daemon.protocols.est.digest import DigestCheck
from emca_daemon.protocols.est.endpoint import Endpoint
from emca_daemon.protocols.est.generated_keys import with_key
from emca_daemon.protocols.est.responder import EstResponder
from emca_daemon.protocols.est.trust import CertificateTrust
from emca_daemon.protocols.http import Peer, Request, Response
from emca_daemon.randomness import system_random
from emca_daemon.settings.est import EstSettings
from tests.support.ca_world import BY, ISSUING, World

PASSWORD = "correct horse"
USER = "alice"
PATH = "/.well-known/est"
DEVICE = ProfileName("device")
PLAIN = Peer("192.0.2.9", 4711)

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def settings(**given: object) -> EstSettings:
    """A label's settings."""
    return EstSettings(profile=DEVICE, issuer=ISSUING, **given)  # type: ignore[arg-type]


class EstWorld(World):
    """A CA, a user, and one responder."""

    def __init__(self, url: str = "sqlite:///:memory:") -> None:
        """`url` is that of a database that may be empty."""
        super().__init__(url=url)
        self.with_issuers()
        self.by = BY
        self.endpoints: dict[str, Endpoint] = {}
        self.signer = self._signing_identity()
        with self.store.writing() as tx:
            tx.credentials.add(
                new_credential(
                    "est",
                    USER,
                    PASSWORD,
                    now=self.clock(),
                    random=system_random,
                    groups=frozenset({"devices"}),
                    digests=frozenset({"sha256", "md5"}),
                )
            )

    def label(self, chosen: EstSettings | None = None, name: str = "default", **parts: object) -> Endpoint:
        """One more label; `parts` replace the endpoint's collaborators."""
        chosen = chosen or settings()
        http = chosen.http
        lockout = Lockout(self.store, http.attempts, http.lock)
        endpoint = Endpoint(
            label=name,
            settings=chosen,
            store=self.store,
            enrollment=self.enrollment,
            authorities=self.authorities,
            passwords=PasswordCheck(self.store, lockout, self.clock, system_random),
            digest=DigestCheck(
                self.store,
                lockout,
                realm=http.realm,
                algorithms=tuple(ALGORITHM_OF[method] for method in http.methods if method in ALGORITHM_OF),
                lifetime=http.nonce_lifetime,
                key=bytes(32),
                clock=self.clock,
                random=system_random,
            ),
            tokens=(),
            trust=CertificateTrust(chosen.certificates, chosen.profile, chosen.issuer, self.store),
            signer=lambda: self.signer,
            revoking=self.revoking,
            secrets={},
            recipient_keys={},
            clock=self.clock,
            random=system_random,
            weak_keys=WeakKeys(),
        )
        self.endpoints[name] = endpoint = replace(endpoint, **parts)  # type: ignore[arg-type]
        return endpoint

    def send(
        self,
        operation: str,
        body: bytes = b"",
        *,
        method: str = "POST",
        headers: dict[str, str] | None = None,
        peer: Peer = PLAIN,
    ) -> Response:
        """Send a request to `PATH/operation`; header names in lower case."""
        responder = EstResponder(self.endpoints)
        fields = tuple((headers or {}).items())
        return responder.respond(Request(method, f"{PATH}/{operation}", "", fields, body, peer, "req-9", secure=True))

    def enroll(self, body: bytes, operation: str = "simpleenroll", peer: Peer = PLAIN, **headers: str) -> Response:
        """Post a request as the user, by Basic."""
        given = {"content-type": "application/pkcs10", "authorization": basic()}
        return self.send(operation, body, headers=given | headers, peer=peer)

    def manual(self) -> None:
        """From now on a person looks at requests for `device`."""
        self.profiles[DEVICE] = replace(self.profiles[DEVICE], approval="manual")

    def device(
        self, name: str = "device-1", profile: ProfileName = DEVICE, requester: str = USER, key: Key | None = None
    ) -> tuple[Key, bytes]:
        """A key and the certificate of a device enrolled earlier."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        facts = read_csr(request(key, name), Requester("est", requester, "password", "192.0.2.9", "req-0"))
        outcome = self.enrollment.enroll(facts, profile, issuer=ISSUING)
        assert isinstance(outcome, Issued)
        return key, outcome.der

    def _signing_identity(self) -> SigningIdentity:
        key = ec.generate_private_key(ec.SECP256R1())
        facts = read_csr(request(key, "signer"), Requester("daemon", "daemon", "local", "daemon", "req-0"))
        outcome = self.enrollment.enroll(facts, ProfileName("cmc-responder"), issuer=ISSUING)
        assert isinstance(outcome, Issued)
        return SigningIdentity(x509.load_der_x509_certificate(outcome.der), key)


def request(
    key: Key | None = None,
    name: str = "device-1",
    *hosts: str,
    attributes: tuple[tuple[str, bytes], ...] = (),
) -> bytes:
    """A PKCS #10 request in DER; attributes are OIDs and values in DER."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    key = key or ec.generate_private_key(ec.SECP256R1())
    signed = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    return with_attributes(signed, key, attributes) if attributes else signed


def with_attributes(csr: bytes, key: Key, attributes: tuple[tuple[str, bytes], ...]) -> bytes:
    """The request with more attributes, signed again."""
    whole = sequence_parts(csr, "request")
    info = sequence_parts(encoded(whole[0]), "request")
    more = b"".join(der.sequence(der.oid(oid), der.tlv(0x31, value)) for oid, value in attributes)
    changed = der.sequence(*map(encoded, info[:3]), der.explicit(0, bytes(info[3].data) + more))
    return with_key(der.sequence(changed, *map(encoded, whole[1:])), key)


def basic(user: str = USER, password: str = PASSWORD) -> str:
    """The Authorization field of HTTP Basic."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def digest_answer(challenge: str, path: str, password: str = PASSWORD, *, count: int = 1, user: str = USER) -> str:
    """The Authorization field that answers a Digest challenge."""
    from emca_daemon.protocols.http_parameters import read_parameters

    asked = read_parameters(challenge.removeprefix("Digest "))
    name = "sha256" if asked.get("algorithm") == "SHA-256" else "md5"

    def hashed(text: str) -> str:
        return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()

    first, second = hashed(f"{user}:{asked['realm']}:{password}"), hashed(f"POST:{path}")
    response = hashed(f"{first}:{asked['nonce']}:{count:08x}:cnonce:auth:{second}")
    algorithm = ", algorithm=SHA-256" if name == "sha256" else ""
    return (
        f'Digest username="{user}", realm="{asked["realm"]}", nonce="{asked["nonce"]}", uri="{path}", '
        f'response="{response}", qop="auth", nc={count:08x}, cnonce="cnonce", opaque="x"{algorithm}'
    )


def certificates(response: Response) -> list[x509.Certificate]:
    """The certificates of a certs-only answer."""
    assert response.status == 200, response
    return [read_certificate(der) for der in read_signed_data(b64decode(response.body)).certificates]


def public_key(certificate: x509.Certificate) -> bytes:
    """The SubjectPublicKeyInfo."""
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
