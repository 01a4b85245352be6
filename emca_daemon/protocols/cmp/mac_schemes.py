"""MACs by a key (RFC 9481 6.2): HMAC, KMAC and AES-GMAC, alone or as what PasswordBasedMac and PBMAC1 end in."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp_status import FailInfo
from emca_daemon.asn1.values import Algorithm, decoded
from emca_daemon.protocols.cmp.errors import Failure
from emca_daemon.randomness import RandomBytes

_HMACS = {
    "1.3.6.1.5.5.8.1.2": "sha1",
    "1.2.840.113549.2.7": "sha1",
    "1.2.840.113549.2.8": "sha224",
    "1.2.840.113549.2.9": "sha256",
    "1.2.840.113549.2.10": "sha384",
    "1.2.840.113549.2.11": "sha512",
    "2.16.840.1.101.3.4.2.14": "sha3_256",
    "2.16.840.1.101.3.4.2.15": "sha3_384",
    "2.16.840.1.101.3.4.2.16": "sha3_512",
}
_KMACS = {"2.16.840.1.101.3.4.2.19": ("KMAC128", 16, 256), "2.16.840.1.101.3.4.2.20": ("KMAC256", 32, 512)}
"""Each with the least octets of its keys (no key is weaker than its MAC, SP 800-185 8.4.1), and its usual bits."""
_GMACS = {"2.16.840.1.101.3.4.1.9": 16, "2.16.840.1.101.3.4.1.29": 24, "2.16.840.1.101.3.4.1.49": 32}
"""Each with the octets of its keys (RFC 9044 2)."""

_LEAST_KMAC, _MOST_KMAC = 128, 512
_MOST_CUSTOMIZATION = 1024
_NONCE_OCTETS, _MOST_NONCE = 12, 64
_TAG_OCTETS = range(12, 17)


@asn1.sequence
class _KmacParams:
    output_length: int | None
    customization: Annotated[bytes, asn1.Default(b"")]


@asn1.sequence
class _GmacParameters:
    nonce: bytes
    length: Annotated[int, asn1.Default(12)]


@dataclass(frozen=True, slots=True)
class Scheme:
    """One MAC: `compute(key, data)` for keys of at least `least` octets and at most `most` (None: any number).

    `usual` is how many octets a key has that is derived without saying how many. `renewed` is the algorithm for the
    next message by the same key: a nonce is never used twice.
    """

    compute: Callable[[bytes, bytes], bytes]
    usual: int
    renewed: Callable[[RandomBytes], Algorithm]
    least: int = 0
    most: int | None = None

    def takes(self, key: bytes) -> bool:
        """Whether a key is as long as it has to be."""
        return self.least <= len(key) and (self.most is None or len(key) <= self.most)

    @property
    def fixed(self) -> int | None:
        """The number of octets of all keys; None where they differ."""
        return self.most if self.most == self.least else None


def is_scheme(oid: str) -> bool:
    """Whether the OID is that of a MAC by a key."""
    return oid in _HMACS or oid in _KMACS or oid in _GMACS


def scheme(mac: Algorithm) -> Scheme:
    """The MAC that an AlgorithmIdentifier names; raises Failure (of the message) or Refused(MALFORMED)."""
    if mac.oid in _KMACS:
        return _kmac(mac)
    if mac.oid in _GMACS:
        return _gmac(mac)
    name = hmac_hash(mac)
    return Scheme(lambda key, data: hmac.digest(key, data, name), hashlib.new(name).digest_size, lambda _random: mac)


def hmac_hash(mac: Algorithm) -> str:
    """The name of the hash of an HMAC; raises Failure (of the message) for anything else."""
    name = _HMACS.get(mac.oid)
    if name is None or not mac.without_parameters:
        raise _bad(f"the MAC {mac.oid} is not known")
    return name


def _kmac(mac: Algorithm) -> Scheme:
    """KMAC (SP 800-185 4, RFC 8702 3.4)."""
    # Loaded by the first that comes: it takes 7 MB, and hardly anybody has one.
    from Cryptodome.Hash import KMAC128, KMAC256

    name, least, usual = _KMACS[mac.oid]
    made_by = KMAC128 if name == "KMAC128" else KMAC256
    given = der.sequence() if mac.without_parameters else mac.parameters or b""
    read = decoded(_KmacParams, given, "KMAC parameters")
    bits, customization = usual if read.output_length is None else read.output_length, read.customization
    if not _LEAST_KMAC <= bits <= _MOST_KMAC or bits % 8:
        raise _bad(f"a KMAC has {_LEAST_KMAC} to {_MOST_KMAC} bits here, in whole octets")
    if len(customization) > _MOST_CUSTOMIZATION:
        raise _bad(f"a customization string has {_MOST_CUSTOMIZATION} octets at the most")

    def compute(key: bytes, data: bytes) -> bytes:
        computed = made_by.new(key=key, data=data, mac_len=bits // 8, custom=customization)
        return bytes(computed.digest())

    return Scheme(compute, least, lambda _random: mac, least)


def _gmac(mac: Algorithm) -> Scheme:
    """AES-GMAC (SP 800-38D, RFC 9044): GCM of nothing, with the data as what is only authenticated."""
    octets = _GMACS[mac.oid]
    read = decoded(_GmacParameters, mac.parameters or b"", "GMACParameters")
    nonce, length = read.nonce, read.length
    if not _NONCE_OCTETS <= len(nonce) <= _MOST_NONCE or length not in _TAG_OCTETS:
        raise _bad(f"a GMAC has a nonce of {_NONCE_OCTETS} octets or more, and 12 to 16 octets itself")

    def compute(key: bytes, data: bytes) -> bytes:
        encryptor = Cipher(algorithms.AES(key), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(data)
        encryptor.finalize()
        return encryptor.tag[:length]

    def renewed(random: RandomBytes) -> Algorithm:
        written = b"" if length == _TAG_OCTETS.start else der.integer(length)
        return Algorithm(mac.oid, der.sequence(der.octet_string(random(len(nonce))), written))

    return Scheme(compute, octets, renewed, octets, octets)


def _bad(detail: str) -> Failure:
    return Failure(FailInfo.BAD_ALG, detail, of_message=True)
