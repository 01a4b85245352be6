"""A client whose only key is for key encapsulation: it asks for a ciphertext and has MACs by what is in it."""

import hmac
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, mlkem
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding
from pyasn1.codec.der.decoder import decode
from pyasn1.codec.der.encoder import encode
from pyasn1_alt_modules import rfc9810

from emca_daemon.asn1 import der
from emca_daemon.randomness import system_random
from tests.support import cmp_messages as build
from tests.support.ca_world import START
from tests.support.certificates import key_usage
from tests.support.cmp_messages import HeaderParts, Template
from tests.support.cmp_world import CmpWorld, Reply

KEM = "1.2.840.113533.7.66.16"
HKDF_SHA256 = der.sequence(der.oid("1.2.840.113549.1.9.16.3.28"))
HMAC_SHA256 = der.sequence(der.oid("1.2.840.113549.2.9"))
QUESTION = der.sequence(der.oid("1.3.6.1.5.5.7.4.24"))
ROOT_KEY = ec.generate_private_key(ec.SECP256R1())
DEVICE = "CN=station-7"

KemKey = mlkem.MLKEM768PrivateKey | mlkem.MLKEM1024PrivateKey


def parameters(
    length: int = 32, *, kdf: bytes = HKDF_SHA256, mac: bytes = HMAC_SHA256, context: bytes | None = None
) -> bytes:
    """The AlgorithmIdentifier of KemBasedMac."""
    given = b"" if context is None else der.explicit(0, der.octet_string(context))
    return der.sequence(der.oid(KEM), der.sequence(kdf, given, der.integer(length), mac))


def other_info(transaction_id: bytes, context: bytes | None = None) -> bytes:
    """KemOtherInfo, written by another encoder than ours."""
    info = rfc9810.KemOtherInfo()
    info["staticString"].append("CMP-KEM")
    info["transactionID"] = transaction_id
    if context is not None:
        info["kemContext"] = context
    return bytes(encode(info))


def vendor() -> x509.Certificate:
    """The root of the devices' vendor."""
    return _certificate("CN=Vendor", ROOT_KEY.public_key(), "key_cert_sign", authority=True)


def device(key: KemKey | ec.EllipticCurvePrivateKey, usage: str = "key_encipherment") -> x509.Certificate:
    """A device's certificate for key encapsulation."""
    return _certificate(DEVICE, key.public_key(), usage, authority=False)


def _certificate(subject: str, key: Any, usage: str, *, authority: bool) -> x509.Certificate:
    builder = x509.CertificateBuilder(
        issuer_name=build.name("CN=Vendor"),
        subject_name=build.name(subject),
        public_key=key,
        serial_number=7,
        not_valid_before=START - timedelta(days=1),
        not_valid_after=START + timedelta(days=30),
    )
    builder = builder.add_extension(x509.BasicConstraints(authority, None), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    return builder.add_extension(key_usage(usage), critical=True).sign(ROOT_KEY, hashes.SHA256())


@dataclass
class KemClient:
    """One device in one transaction."""

    world: CmpWorld
    key: KemKey = field(default_factory=mlkem.MLKEM768PrivateKey.generate)
    certificate: x509.Certificate | None = None
    transaction_id: bytes = field(default_factory=lambda: system_random(16))
    secret: bytes = b""
    answered: bytes | None = None

    def __post_init__(self) -> None:
        """The device has a certificate of its vendor's unless another is given."""
        self.certificate = self.certificate or device(self.key)

    @property
    def _parts(self) -> HeaderParts:
        assert self.certificate is not None
        identifier = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        return HeaderParts(
            self.world.ca.clock(), self.transaction_id, system_random(16), DEVICE, identifier, answered=self.answered
        )

    def ask(self, question: bytes = QUESTION, **changes: Any) -> Reply:
        """The genm without protection; what is encapsulated in the answer is remembered."""
        assert self.certificate is not None
        header = replace(self._parts, **changes).encoded()
        own = self.certificate.public_bytes(Encoding.DER)
        reply = self.world.answer(build.message(header, 21, der.sequence(question), None, own))
        if reply.type == "genp":
            info = decode(bytes(reply.body[0]["infoValue"]), asn1Spec=rfc9810.KemCiphertextInfo())[0]
            self.secret = self.key.decapsulate(bytes(info["ct"]))
        return reply

    def send(self, tag: int, content: bytes, protection: bytes = b"", context: bytes | None = None) -> Reply:
        """A message with a MAC by what was encapsulated."""
        chosen = protection or parameters(context=context)
        header = replace(self._parts, algorithm=chosen).encoded()
        key = HKDF(hashes.SHA256(), 32, None, other_info(self.transaction_id, context)).derive(self.secret or b"none")
        mac = hmac.digest(key, der.sequence(header, der.explicit(tag, content)), "sha256")
        reply = self.world.answer(build.message(header, tag, content, mac))
        self.answered = reply.octets("senderNonce")
        return reply

    def enroll(self, **how: Any) -> Reply:
        """Ir for a key that can sign."""
        return self.send(0, der.sequence(build.request(Template(DEVICE))), **how)
