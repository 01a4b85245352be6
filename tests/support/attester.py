"""Devices that attest their keys, and those who made them: every format of device-attest-01 without a device."""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from emca_daemon.asn1 import der
from emca_daemon.asn1.cbor import Value
from emca_daemon.asn1.names import general_name
from emca_daemon.names import AlternativeName
from tests.support.records import NOW

SERIAL = "C02XYZ123"
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def cbor(value: Value) -> bytes:
    """CBOR, lengths in the fewest octets."""
    match value:
        case bool() | None:
            return bytes([{False: 0xF4, True: 0xF5, None: 0xF6}[value]])
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case list():
            return _head(4, len(value)) + b"".join(map(cbor, value))
        case dict():
            return _head(5, len(value)) + b"".join(cbor(key) + cbor(one) for key, one in value.items())


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    size = next(one for one in range(4) if number < 1 << (8 << one))
    return bytes([major << 5 | 24 + size]) + number.to_bytes(1 << size)


@cache
def new_key(_name: str = "device") -> ec.EllipticCurvePrivateKey:
    """A key of its own for each name."""
    return ec.generate_private_key(ec.SECP256R1())


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    """One RSA key."""
    return rsa.generate_private_key(65_537, 2048)


def raw(oid: str, value: bytes, *, critical: bool = False) -> tuple[x509.ExtensionType, bool]:
    """An extension of one's own."""
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value), critical


@dataclass
class Maker:
    """A root and an authority beneath it that certify what devices attest; both live for a year around NOW."""

    name: str = "Maker"
    lifetime: timedelta = timedelta(days=365)
    path_length: int | None = 0
    is_authority: bool = True
    key: ec.EllipticCurvePrivateKey = field(init=False)
    root: x509.Certificate = field(init=False)
    authority: x509.Certificate = field(init=False)

    def __post_init__(self) -> None:
        self.key = new_key(f"{self.name} authority")
        own = new_key(f"{self.name} root")
        root = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{self.name} root")])
        ca = (x509.BasicConstraints(ca=True, path_length=None), True)
        self.root = self._certificate(root, root, own, own, [ca], timedelta(days=3650))
        limits = x509.BasicConstraints(
            ca=self.is_authority, path_length=self.path_length if self.is_authority else None
        )
        self.authority = self._certificate(self._subject, root, self.key, own, [(limits, True)], self.lifetime)

    @property
    def _subject(self) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{self.name} authority")])

    def leaf(
        self,
        key: Key,
        *extensions: tuple[x509.ExtensionType, bool],
        subject: str = "device",
        lifetime: timedelta = timedelta(days=30),
    ) -> bytes:
        """A certificate about a key, in DER."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)] if subject else [])
        made = self._certificate(name, self._subject, key, self.key, list(extensions), lifetime)
        return made.public_bytes(Encoding.DER)

    def chain(self, leaf: bytes) -> list[Value]:
        """`x5c` for a leaf."""
        return [leaf, self.authority.public_bytes(Encoding.DER)]

    def _certificate(
        self,
        subject: x509.Name,
        issuer: x509.Name,
        key: Key,
        signer: ec.EllipticCurvePrivateKey,
        extensions: list[tuple[x509.ExtensionType, bool]],
        lifetime: timedelta,
    ) -> x509.Certificate:
        builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(NOW - timedelta(days=1)).not_valid_after(NOW + lifetime)
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(signer, hashes.SHA256())


def attestation_object(kind: str, members: dict[str, Value]) -> bytes:
    """An attestation object."""
    return cbor({"fmt": kind, "attStmt": members})


def apple(
    maker: Maker, freshness: bytes, *, key: Key | None = None, serial: str = SERIAL, udid: str = "0000-UDID"
) -> bytes:
    """What an Apple device sends; `freshness` is what is hashed."""
    leaf = maker.leaf(
        key or new_key(),
        raw("1.2.840.113635.100.8.9.1", serial.encode()),
        raw("1.2.840.113635.100.8.9.2", udid.encode()),
        raw("1.2.840.113635.100.8.11.1", sha256(freshness).digest()),
    )
    return attestation_object("apple", {"x5c": maker.chain(leaf)})


def signed(key: Key, data: bytes) -> bytes:
    """A signature with SHA-256."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(data, ec.ECDSA(hashes.SHA256()))


def step(maker: Maker, key_authorization: bytes, *, key: Key | None = None, serial: int = 4711) -> bytes:
    """What the `step` command sends for a security key."""
    key = key or new_key()
    leaf = maker.leaf(key, raw("1.3.6.1.4.1.41482.3.7", der.integer(serial)))
    members: dict[str, Value] = {"alg": -7, "sig": cbor(signed(key, key_authorization)), "x5c": maker.chain(leaf)}
    return attestation_object("step", members)


def tagged(number: int, content: bytes) -> bytes:
    """A value with a constructed context-specific tag of any number."""
    if number < 31:
        return der.explicit(number, content)
    return b"\xbf" + bytes([0x80 | number >> 7, number & 0x7F]) + der.tlv(0x30, content)[1:]


def key_description(
    challenge: bytes, *, level: int = 1, origin: int = 0, serial: str | None = SERIAL, software: bytes = b""
) -> bytes:
    """An Android KeyDescription."""
    hardware = tagged(1, der.tlv(0x31, der.integer(2))) + tagged(702, der.integer(origin))
    if serial is not None:
        hardware += tagged(713, der.octet_string(serial.encode()))
    return der.sequence(
        der.integer(4),
        der.enumerated(level),
        der.integer(4),
        der.enumerated(level),
        der.octet_string(challenge),
        der.octet_string(b""),
        der.tlv(0x30, software),
        der.tlv(0x30, hardware),
    )


def android(
    maker: Maker, key_authorization: bytes, description: bytes | None = None, *, key: Key | None = None
) -> bytes:
    """What a client on Android sends."""
    key = key or new_key()
    description = description or key_description(sha256(key_authorization).digest())
    leaf = maker.leaf(key, raw("1.3.6.1.4.1.11129.2.1.17", description))
    return attestation_object(
        "android-key", {"alg": -7, "sig": signed(key, key_authorization), "x5c": maker.chain(leaf)}
    )


def sized(content: bytes) -> bytes:
    """TPM2B."""
    return len(content).to_bytes(2) + content


def public_area(key: Key, attributes: int = 0x60072) -> bytes:
    """TPMT_PUBLIC of a signing key whose name is made with SHA-256."""
    numbers = key.public_key().public_numbers()
    if isinstance(numbers, rsa.RSAPublicNumbers):
        size = (numbers.n.bit_length() + 7) // 8
        rest = (8 * size).to_bytes(2) + bytes(4) + sized(numbers.n.to_bytes(size))
        return bytes.fromhex("0001000b") + attributes.to_bytes(4) + sized(b"") + bytes.fromhex("00100014000b") + rest
    rest = bytes.fromhex("00030010") + sized(numbers.x.to_bytes(32)) + sized(numbers.y.to_bytes(32))
    return bytes.fromhex("0023000b") + attributes.to_bytes(4) + sized(b"") + bytes.fromhex("00100018000b") + rest


def cert_info(extra: bytes, area: bytes) -> bytes:
    """TPMS_ATTEST of TPM2_Certify about that public area."""
    name = b"\x00\x0b" + sha256(area).digest()
    head = bytes.fromhex("ff5443478017") + sized(b"\x00\x0bsigner") + sized(extra)
    return head + bytes(17) + bytes(8) + sized(name) + sized(name)


def tpm_signature(key: Key, data: bytes) -> bytes:
    """TPMT_SIGNATURE with SHA-256: ECDSA, or RSASSA."""
    signature = signed(key, data)
    if isinstance(key, rsa.RSAPrivateKey):
        return bytes.fromhex("0014000b") + sized(signature)
    r, s = decode_dss_signature(signature)
    return bytes.fromhex("0018000b") + sized(r.to_bytes(32)) + sized(s.to_bytes(32))


def attestation_key_extensions(*names: AlternativeName) -> list[tuple[x509.ExtensionType, bool]]:
    """What a TPM's attestation key has in its certificate."""
    about = [x509.NameAttribute(x509.ObjectIdentifier(f"2.23.133.2.{number}"), f"id:{number}") for number in (1, 2, 3)]
    alternatives = x509.SubjectAlternativeName([x509.DirectoryName(x509.Name(about)), *map(general_name, names)])
    purpose = x509.ExtendedKeyUsage([x509.ObjectIdentifier("2.23.133.8.3")])
    return [(alternatives, True), (purpose, False), (x509.BasicConstraints(ca=False, path_length=None), True)]


def tpm(
    maker: Maker, key_authorization: bytes, *names: AlternativeName, key: Key | None = None, **changes: Value
) -> bytes:
    """What a client with a TPM sends; `changes` replace members of the statement."""
    own = new_key("attestation key")
    area = public_area(key or new_key())
    info = cert_info(sha256(key_authorization).digest(), area)
    leaf = maker.leaf(own, *attestation_key_extensions(*names), subject="")
    members: dict[str, Value] = {
        "ver": "2.0",
        "alg": -7,
        "x5c": maker.chain(leaf),
        "sig": tpm_signature(own, info),
        "certInfo": info,
        "pubArea": area,
        **changes,
    }
    return attestation_object("tpm", members)
