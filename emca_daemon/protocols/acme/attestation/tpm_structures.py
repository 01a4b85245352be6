"""The structures of a TPM 2.0 that an attestation holds, bounds and all (TPM 2.0 library part 2, 10 to 12)."""

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from emca_daemon.protocols.acme.attestation.statements import bad_statement
from emca_daemon.protocols.acme.errors import AcmeRefusal

GENERATED: Final = 0xFF544347
CERTIFY: Final = 0x8017
RSA, ECC, NULL = 0x0001, 0x0023, 0x0010
RSASSA, RSAPSS, ECDSA, ECDAA = 0x0014, 0x0016, 0x0018, 0x001A

_HASHES: Final[dict[int, hashes.HashAlgorithm]] = {
    0x000B: hashes.SHA256(),
    0x000C: hashes.SHA384(),
    0x000D: hashes.SHA512(),
}
"""SHA-1 is not among them: what signs attestations must be better."""
_CURVES: Final[dict[int, ec.EllipticCurve]] = {0x0003: ec.SECP256R1(), 0x0004: ec.SECP384R1(), 0x0005: ec.SECP521R1()}
_CLOCK_AND_FIRMWARE: Final = 17 + 8


@dataclass(frozen=True, slots=True)
class Certified:
    """What TPM2_Certify says: what it was given to sign along, and the name of the key."""

    extra_data: bytes
    name: bytes


@dataclass(frozen=True, slots=True)
class Public:
    """A key's public area: the key, its attributes, and its name."""

    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey
    attributes: int
    name: bytes


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature, that of ECDSA in DER."""

    value: bytes
    hash: hashes.HashAlgorithm
    pss: bool = False


class _Octets:
    """Reads numbers and sized octets one after the other; everything raises badAttestationStatement."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def take(self, size: int) -> bytes:
        """That many octets."""
        if size > len(self._data):
            raise _malformed()
        found, self._data = self._data[:size], self._data[size:]
        return found

    def number(self, size: int) -> int:
        """A number of that many octets."""
        return int.from_bytes(self.take(size))

    def sized(self) -> bytes:
        """Octets behind their size, TPM2B."""
        return self.take(self.number(2))

    def hash(self) -> hashes.HashAlgorithm:
        """A hash by its number."""
        found = _HASHES.get(self.number(2))
        if found is None:
            raise bad_statement("the TPM uses a hash that is not supported")
        return found

    def end(self) -> None:
        """Nothing may follow."""
        if self._data:
            raise _malformed()


def read_certified(data: bytes) -> Certified:
    """A TPMS_ATTEST of TPM2_Certify; raises badAttestationStatement."""
    octets = _Octets(data)
    if (octets.number(4), octets.number(2)) != (GENERATED, CERTIFY):
        raise bad_statement("`certInfo` is not what a TPM says when it certifies a key")
    octets.sized()  # who signs
    extra = octets.sized()
    octets.take(_CLOCK_AND_FIRMWARE)
    name = octets.sized()
    octets.sized()  # the qualified name
    octets.end()
    return Certified(extra, name)


def read_public(data: bytes) -> Public:
    """A TPMT_PUBLIC of an RSA or EC key; raises badAttestationStatement."""
    octets = _Octets(data)
    kind = octets.number(2)
    name_algorithm = data[2:4]
    hash_ = octets.hash()
    attributes = octets.number(4)
    octets.sized()  # the policy
    if octets.number(2) != NULL:
        octets.take(4)  # a symmetric algorithm's size and mode
    scheme = octets.number(2)
    if scheme != NULL:
        octets.take(4 if scheme == ECDAA else 2)
    try:
        key = _rsa(octets) if kind == RSA else _ec(octets, kind)
    except (ValueError, UnsupportedAlgorithm):
        raise _malformed() from None
    octets.end()
    digest = hashes.Hash(hash_)
    digest.update(data)
    return Public(key, attributes, name_algorithm + digest.finalize())


def _rsa(octets: _Octets) -> rsa.RSAPublicKey:
    octets.take(2)  # its size
    exponent = octets.number(4) or 65_537
    return rsa.RSAPublicNumbers(exponent, int.from_bytes(octets.sized())).public_key()


def _ec(octets: _Octets, kind: int) -> ec.EllipticCurvePublicKey:
    curve = _CURVES.get(octets.number(2))
    if kind != ECC or curve is None:
        raise bad_statement("the TPM's key is of a kind that is not supported")
    if octets.number(2) != NULL:
        octets.take(2)
    x, y = int.from_bytes(octets.sized()), int.from_bytes(octets.sized())
    return ec.EllipticCurvePublicNumbers(x, y, curve).public_key()


def read_signature(data: bytes) -> Signature:
    """A TPMT_SIGNATURE of RSA or ECDSA; raises badAttestationStatement."""
    octets = _Octets(data)
    kind, hash_ = octets.number(2), octets.hash()
    if kind == ECDSA:
        r, s = int.from_bytes(octets.sized()), int.from_bytes(octets.sized())
        value = encode_dss_signature(r, s)
    elif kind in (RSASSA, RSAPSS):
        value = octets.sized()
    else:
        raise bad_statement("the TPM signed in a way that is not supported")
    octets.end()
    return Signature(value, hash_, kind == RSAPSS)


def _malformed() -> AcmeRefusal:
    return bad_statement("a structure of the TPM cannot be read")
