"""A Tor hidden service's key, its address, and what it signs for ACME."""

from base64 import b32encode, b64decode
from dataclasses import dataclass, field
from hashlib import sha3_256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from emca_daemon.asn1 import der
from tests.support.acme_client import b64

APPLICANT_NONCE = bytes(range(10))
ED25519 = der.sequence(der.oid("1.3.101.112"))


def address_of(public: bytes, version: int = 3, checksum: bytes | None = None) -> str:
    """The address of a service with that key."""
    right = sha3_256(b".onion checksum" + public + bytes([version])).digest()[:2]
    return b32encode(public + (checksum or right) + bytes([version])).decode().lower() + ".onion"


def attribute(oid: str, *values: bytes) -> bytes:
    """An attribute of a request, its values octet strings."""
    return der.sequence(der.oid(oid), der.tlv(0x31, b"".join(map(der.octet_string, values))))


@dataclass
class Service:
    """A hidden service."""

    key: ed25519.Ed25519PrivateKey = field(default_factory=ed25519.Ed25519PrivateKey.generate)

    @property
    def address(self) -> str:
        """56 characters and `.onion`."""
        return address_of(self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def csr(self, *attributes: bytes, key: bytes | None = None) -> bytes:
        """A CSR with these attributes; `key` replaces the SubjectPublicKeyInfo."""
        own = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        information = der.sequence(
            der.integer(0), der.sequence(), key or own, der.tlv(0xA0, b"".join(sorted(attributes)))
        )
        return der.sequence(information, ED25519, der.bit_string(self.key.sign(information)))

    def proof(self, challenge: dict[str, Any], applicant: bytes = APPLICANT_NONCE) -> dict[str, str]:
        """The response to a challenge."""
        nonce = attribute("2.23.140.41", b64decode(challenge["nonce"]))
        return {"csr": b64(self.csr(nonce, attribute("2.23.140.42", applicant)))}

    def caa(self, text: str | None, expiry: int) -> dict[str, Any]:
        """A signed CAA record set."""
        signature = self.key.sign(f"onion-caa|{expiry}|{text or ''}".encode())
        return {"caa": text, "expiry": expiry, "signature": b64(signature)}


def other_key() -> bytes:
    """The SubjectPublicKeyInfo of some other key."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
