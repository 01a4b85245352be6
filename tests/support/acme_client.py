"""An ACME client that reads like the protocol, talking to a responder in memory."""

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from josepy.b64 import b64decode, b64encode
from josepy.jwk import JWKEC, JWKRSA

from emca_daemon.protocols.acme.algorithms import JWKOKP
from emca_daemon.protocols.http import Peer, Request, Response

Transport = Callable[[Request], Response]
AccountPrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
Json = Any

_EC = {"secp256r1": ("ES256", hashes.SHA256(), 32), "secp384r1": ("ES384", hashes.SHA384(), 48)}
_EC["secp521r1"] = ("ES512", hashes.SHA512(), 66)
_HASHES: dict[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


def b64(data: bytes) -> str:
    """base64url without padding."""
    return b64encode(data).decode()


def algorithm_for(key: AccountPrivateKey) -> str:
    """The usual algorithm of a key."""
    if isinstance(key, rsa.RSAPrivateKey):
        return "RS256"
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "EdDSA"
    return _EC[key.curve.name][0]


def sign(key: AccountPrivateKey, message: bytes, algorithm: str) -> bytes:
    """A JWS signature (RFC 7518 3, RFC 8037)."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    if isinstance(key, rsa.RSAPrivateKey):
        algorithm_hash = _HASHES[algorithm[2:]]
        if algorithm.startswith("PS"):
            return key.sign(
                message, padding.PSS(padding.MGF1(algorithm_hash), algorithm_hash.digest_size), algorithm_hash
            )
        return key.sign(message, padding.PKCS1v15(), algorithm_hash)
    _, algorithm_hash, size = _EC[key.curve.name]
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(algorithm_hash)))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def jwk_of(key: AccountPrivateKey) -> dict[str, str]:
    """The public half as a JWK."""
    if isinstance(key, rsa.RSAPrivateKey):
        return dict(JWKRSA(key=key.public_key()).to_json())
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return dict(JWKOKP(key=key.public_key()).to_json())
    return dict(JWKEC(key=key.public_key()).to_json())


def thumbprint_of(key: AccountPrivateKey) -> str:
    """RFC 7638 with SHA-256."""
    return b64(sha256(json.dumps(jwk_of(key), sort_keys=True, separators=(",", ":")).encode()).digest())


def flattened(key: AccountPrivateKey, header: Mapping[str, Json], payload: bytes) -> dict[str, str]:
    """A flattened JWS."""
    protected = b64(json.dumps(header).encode())
    content = b64(payload)
    signature = sign(key, f"{protected}.{content}".encode(), str(header["alg"]))
    return {"protected": protected, "payload": content, "signature": b64(signature)}


def csr_for(
    *names: str,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
    common_name: str | None = None,
    others: tuple[x509.GeneralName, ...] = (),
) -> bytes:
    """A CSR in DER for these DNS names."""
    subject = [] if common_name is None else [x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)]
    builder = x509.CertificateSigningRequestBuilder(x509.Name(subject))
    if names or others:
        alternative = x509.SubjectAlternativeName([*map(x509.DNSName, names), *others])
        builder = builder.add_extension(alternative, critical=False)
    return builder.sign(key or ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(Encoding.DER)


@dataclass(frozen=True)
class Answer:
    """A response, taken apart."""

    response: Response

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status

    @property
    def json(self) -> Json:
        """The body as JSON."""
        return json.loads(self.response.body)

    @property
    def problem(self) -> str:
        """Status and type of a problem document: `400 malformed`."""
        assert self.header("content-type") == "application/problem+json", self.response
        document = self.json
        assert document["status"] == self.status
        return f"{self.status} {document['type'].removeprefix('urn:ietf:params:acme:error:')}"

    def header(self, name: str) -> str | None:
        """The first header of that name."""
        return self.response.header(name)

    def links(self, relation: str) -> list[str]:
        """The targets of the Link headers with that relation."""
        values = [value for name, value in self.response.headers if name == "Link"]
        return [value.partition(">")[0][1:] for value in values if value.endswith(f'rel="{relation}"')]

    @property
    def location(self) -> str:
        """The Location header."""
        location = self.header("location")
        assert location is not None
        return location


class AcmeClient:
    """One account key and the URLs that were learnt with it."""

    def __init__(
        self, transport: Transport, base_url: str, key: AccountPrivateKey | None = None, algorithm: str | None = None
    ) -> None:
        self.transport = transport
        self.base_url = base_url
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.algorithm = algorithm or algorithm_for(self.key)
        self.kid: str | None = None
        self._nonces: list[str] = []
        self._count = 0

    def send(self, method: str, url: str, body: bytes = b"", **headers: str) -> Answer:
        """Any HTTP request; header names are written with underscores."""
        self._count += 1
        path, _, query = url.removeprefix(self.base_url.rpartition("/")[0]).partition("?")
        given = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        request = Request(method, path, query, given, body, Peer("192.0.2.1"), f"req-{self._count}", secure=True)
        answer = Answer(self.transport(request))
        nonce = answer.header("replay-nonce")
        assert nonce is not None or method != "POST"
        if nonce is not None:
            self._nonces.append(nonce)
        return answer

    def url(self, path: str) -> str:
        """A resource's address."""
        return self.base_url + path

    def nonce(self) -> str:
        """A fresh nonce, from the last answer or from newNonce."""
        if not self._nonces:
            assert self.send("HEAD", self.url("/new-nonce")).status == 200
        return self._nonces.pop()

    def forget_nonces(self) -> None:
        """Ask for a fresh one next time."""
        self._nonces.clear()

    def header_for(self, url: str, /, **changes: Json) -> dict[str, Json]:
        """A protected header; `changes` replaces members, a value of None leaves them out."""
        header: dict[str, Json] = {
            "alg": self.algorithm,
            "nonce": changes.pop("nonce", None) or self.nonce(),
            "url": url,
        }
        header.update({"jwk": jwk_of(self.key)} if self.kid is None else {"kid": self.kid})
        header.update(changes)
        return {name: value for name, value in header.items() if value is not None}

    def post(self, url: str, payload: Json = None, /, *, accept: str | None = None, **changes: Json) -> Answer:
        """A signed request; without a payload a POST-as-GET."""
        content = b"" if payload is None else json.dumps(payload).encode()
        body = flattened(self.key, self.header_for(url, **changes), content)
        return self.post_raw(url, json.dumps(body).encode(), accept)

    def post_raw(self, url: str, body: bytes, accept: str | None = None) -> Answer:
        """Any body, with the right content type."""
        more = {} if accept is None else {"accept": accept}
        return self.send("POST", url, body, content_type="application/jose+json", **more)

    def register(self, **members: Json) -> "AcmeClient":
        """NewAccount."""
        answer = self.post(self.url("/new-account"), {"termsOfServiceAgreed": True, **members})
        assert answer.status in {200, 201}, answer
        self.kid = answer.location
        return self

    def order(self, *names: str, **members: Json) -> Answer:
        """NewOrder."""
        identifiers = [{"type": "dns", "value": name} for name in names]
        return self.post(self.url("/new-order"), {"identifiers": identifiers, **members})

    def challenges(self, order: Answer) -> list[dict[str, Json]]:
        """Every challenge of an order."""
        return [
            challenge
            for authorization in order.json["authorizations"]
            for challenge in self.post(authorization).json["challenges"]
        ]

    def challenge(self, order: Answer, kind: str = "http-01") -> dict[str, Json]:
        """The order's first challenge of a type."""
        return next(challenge for challenge in self.challenges(order) if challenge["type"] == kind)

    def finalize(self, order: Answer, csr: bytes) -> Answer:
        """Finalize."""
        return self.post(order.json["finalize"], {"csr": b64(csr)})

    def change_key(self, new: AccountPrivateKey, **changes: Json) -> Answer:
        """keyChange; `changes` replace members of the inner header (`url`, `nonce`, `kid` ...)."""
        url = self.url("/key-change")
        header = {"alg": algorithm_for(new), "jwk": jwk_of(new), "url": url, **changes}
        header = {name: value for name, value in header.items() if value is not None}
        inner = {"account": self.kid, "oldKey": jwk_of(self.key)}
        return self.post(url, flattened(new, header, json.dumps(inner).encode()))


def decoded(text: str) -> bytes:
    """base64url back to bytes."""
    return b64decode(text)


def external_binding(client: AcmeClient, secret: bytes, algorithm: str = "HS256", **changes: Json) -> dict[str, str]:
    """An externalAccountBinding; `changes` replace header members (None leaves them out) or the payload."""
    payload = changes.pop("payload", jwk_of(client.key))
    header = {"alg": algorithm, "kid": "kid-1", "url": client.url("/new-account"), **changes}
    header = {name: value for name, value in header.items() if value is not None}
    protected, content = b64(json.dumps(header).encode()), b64(json.dumps(payload).encode())
    digest = {"HS384": "sha384", "HS512": "sha512"}.get(algorithm, "sha256")
    mac = hmac.digest(secret, f"{protected}.{content}".encode(), digest)
    return {"protected": protected, "payload": content, "signature": b64(mac)}


def renewal_name(certificate: x509.Certificate) -> str:
    """How requests and addresses name a certificate (RFC 9773 4.1)."""
    key = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert key is not None
    serial = certificate.serial_number
    return f"{b64(key)}.{b64(serial.to_bytes(serial.bit_length() // 8 + 1, 'big'))}"
