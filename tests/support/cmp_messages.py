"""CMP requests as clients write them, with every part adjustable; nothing here is shared with what reads them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from emca_daemon.asn1 import der

EC_SHA256 = der.sequence(der.oid("1.2.840.10045.4.3.2"))
HMAC_SHA256 = der.sequence(der.oid("1.2.840.113549.2.9"), der.NULL)
HMAC_SHA1 = der.sequence(der.oid("1.3.6.1.5.5.8.1.2"))
SHA256 = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"))
IMPLICIT = der.sequence(der.oid("1.3.6.1.5.5.7.4.13"), der.NULL)


def name(text: str) -> x509.Name:
    """A distinguished name from RFC 4514 text."""
    return x509.Name.from_rfc4514_string(text)


def spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    """SubjectPublicKeyInfo."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def san(*dns: str) -> bytes:
    """The extension with these DNS names."""
    value = x509.SubjectAlternativeName([x509.DNSName(one) for one in dns]).public_bytes()
    return der.extension(der.oid("2.5.29.17"), value)


@dataclass(frozen=True)
class Template:
    """What goes into a CertTemplate; `extra` are encoded fields that come first."""

    subject: str | None = "CN=dev1"
    key: ec.EllipticCurvePrivateKey | None = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    extensions: Sequence[bytes] = ()
    extra: bytes = b""
    validity: bytes = b""

    def encoded(self) -> bytes:
        """CertTemplate."""
        return der.sequence(
            self.extra,
            der.explicit(4, self.validity) if self.validity else b"",
            b"" if self.subject is None else der.explicit(5, name(self.subject).public_bytes()),
            b"" if self.key is None else b"\xa6" + spki(self.key)[1:],
            der.explicit(9, b"".join(self.extensions)) if self.extensions else b"",
        )


def request(template: Template, *, request_id: int = 0, proof: bytes | None = None, controls: bytes = b"") -> bytes:
    """CertReqMsg; its proof of possession is a signature unless another one (or none, b"") is given."""
    asked = der.sequence(der.integer(request_id), template.encoded(), der.sequence(controls) if controls else b"")
    if proof is None:
        assert template.key is not None
        signature = template.key.sign(asked, ec.ECDSA(hashes.SHA256()))
        proof = der.explicit(1, EC_SHA256 + der.bit_string(signature))
    return der.sequence(asked, proof)


def old_certificate(certificate: x509.Certificate) -> bytes:
    """The control oldCertID."""
    identifier = der.sequence(
        der.explicit(4, certificate.issuer.public_bytes()), der.integer(certificate.serial_number)
    )
    return der.sequence(der.oid("1.3.6.1.5.5.7.5.1.5"), identifier)


def password_based(iterations: int = 500, *, salt: bytes = b"0123456789abcdef", mac: bytes = HMAC_SHA1) -> bytes:
    """The AlgorithmIdentifier of PasswordBasedMac with SHA-256."""
    parameters = der.sequence(der.octet_string(salt), SHA256, der.integer(iterations), mac)
    return der.sequence(der.oid("1.2.840.113533.7.66.13"), parameters)


def pbmac1(
    iterations: int = 1000,
    length: int | None = 32,
    *,
    prf: bytes = HMAC_SHA256,
    kdf: str = "",
    mac: bytes = HMAC_SHA256,
) -> bytes:
    """The AlgorithmIdentifier of PBMAC1 with HMAC-SHA256."""
    derivation = der.sequence(
        der.octet_string(b"0123456789abcdef"),
        der.integer(iterations),
        b"" if length is None else der.integer(length),
        prf,
    )
    derived = der.sequence(der.oid(kdf or "1.2.840.113549.1.5.12"), derivation)
    return der.sequence(der.oid("1.2.840.113549.1.5.14"), der.sequence(derived, mac))


def mac_key(secret: bytes, salt: bytes = b"0123456789abcdef", iterations: int = 500) -> bytes:
    """The key of PasswordBasedMac (RFC 4210 5.1.3.1)."""
    value = secret + salt
    for _ in range(iterations):
        value = hashlib.sha256(value).digest()
    return value


@dataclass(frozen=True)
class HeaderParts:
    """The fields of a header, each of which may be left out (None)."""

    now: datetime | None
    transaction_id: bytes | None
    nonce: bytes | None
    sender: str = "CN=dev1"
    kid: bytes | None = None
    pvno: int = 2
    answered: bytes | None = None
    information: Sequence[bytes] = ()
    algorithm: bytes | None = None

    def encoded(self) -> bytes:
        """PKIHeader."""
        fields = [(2, self.kid), (4, self.transaction_id), (5, self.nonce), (6, self.answered)]
        octets = [b"" if value is None else der.explicit(n, der.octet_string(value)) for n, value in fields]
        return der.sequence(
            der.integer(self.pvno),
            der.explicit(4, name(self.sender).public_bytes()),
            der.explicit(4, name("CN=CA").public_bytes()),
            b"" if self.now is None else der.explicit(0, der.generalized_time(self.now)),
            b"" if self.algorithm is None else der.explicit(1, self.algorithm),
            *octets,
            der.explicit(8, der.sequence(*self.information)) if self.information else b"",
        )


def message(header: bytes, tag: int, content: bytes, protection: bytes | None = None, *certificates: bytes) -> bytes:
    """PKIMessage."""
    return der.sequence(
        header,
        der.explicit(tag, content),
        b"" if protection is None else der.explicit(0, der.bit_string(protection)),
        der.explicit(1, der.sequence(*certificates)) if certificates else b"",
    )
