"""An authority that gives out tokens for lists of telephone numbers."""

import json
from base64 import b64encode
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1 import der
from emca_daemon.protocols.acme.authority_tokens import TokenAuthority
from tests.support.acme_client import AccountPrivateKey, algorithm_for, b64, sign

X5U = "https://authority.test/cert"


def ia5(text: str) -> bytes:
    """An IA5String."""
    return der.tlv(0x16, text.encode())


def code_list(code: str = "1234") -> bytes:
    """A list with one service provider code."""
    return der.sequence(der.explicit(0, ia5(code)))


def fingerprint_of(digest: bytes) -> str:
    """As tokens write it."""
    return "SHA256 " + ":".join(f"{octet:02X}" for octet in digest)


class Authority:
    """A key and its certificate."""

    def __init__(self, now: datetime, key: AccountPrivateKey | None = None, days: int = 1000) -> None:
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.now = now
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority")])
        builder = x509.CertificateBuilder(name, name, self.key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=days))
        digest = None if isinstance(self.key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
        self.certificate = builder.sign(self.key, digest)

    def trusted(self, **changes: Any) -> TokenAuthority:
        """As the settings have it."""
        return TokenAuthority(**{"name": "test", "certificate": self.certificate, "x5u": X5U, **changes})

    @property
    def x5c(self) -> list[str]:
        """The header member."""
        return [b64encode(self.certificate.public_bytes(Encoding.DER)).decode()]

    def token(self, atc: Any, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token; claims of None are left out."""
        said = {"exp": int(self.now.timestamp()) + 3600, "jti": "id1", "atc": atc, **claims}
        said = {name: value for name, value in said.items() if value is not None}
        head = {"typ": "JWT", "alg": algorithm_for(self.key), **({"x5u": X5U} if header is None else header)}
        text = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(said).encode())}"
        return f"{text}.{b64(sign(self.key, text.encode(), head['alg']))}"


def rsa_key() -> rsa.RSAPrivateKey:
    """Of the usual size."""
    return rsa.generate_private_key(65537, 2048)
