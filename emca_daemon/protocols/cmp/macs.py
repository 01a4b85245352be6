"""Protection by a shared secret (RFC 9481 6): a key from it, and a MAC by that; bounded before anything is computed."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat import asn1

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp_status import FailInfo
from emca_daemon.asn1.values import Algorithm, algorithm, decoded, encoded
from emca_daemon.errors import Refused
from emca_daemon.protocols.cmp.errors import Failure
from emca_daemon.protocols.cmp.mac_schemes import Scheme, hmac_hash, is_scheme, scheme
from emca_daemon.randomness import RandomBytes

PBM = "1.2.840.113533.7.66.13"
PBMAC1 = "1.2.840.113549.1.5.14"
DH_BASED_MAC = "1.2.840.113533.7.66.30"
"""By a secret that was agreed on: a proof of possession, never the protection of a message here."""
_PBKDF2 = "1.2.840.113549.1.5.12"
_PBES2 = "1.2.840.113549.1.5.13"
"""What Bouncy Castle 1.72 calls PBKDF2 in PBMAC1; answers call it by its name, which it reads as well."""

LEAST_ITERATIONS = 100
MOST_BLOCKS = 160
"""PBKDF2 repeats its iterations for each block of the key; Bouncy Castle asks for keys of 4096 octets."""
_MOST_OCTETS = 1024

_HASHES = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.4": "sha224",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
    "2.16.840.1.101.3.4.2.8": "sha3_256",
    "2.16.840.1.101.3.4.2.9": "sha3_384",
    "2.16.840.1.101.3.4.2.10": "sha3_512",
}
_HMAC_SHA1 = Algorithm("1.2.840.113549.2.7", der.NULL)


@asn1.sequence
class _PbmParameter:
    salt: bytes
    owf: asn1.TLV
    iteration_count: int
    mac: asn1.TLV


@asn1.sequence
class _DhbmParameter:
    owf: asn1.TLV
    mac: asn1.TLV


@asn1.sequence
class _Pbmac1Params:
    key_derivation_func: asn1.TLV
    message_auth_scheme: asn1.TLV


@asn1.sequence
class _Pbkdf2Params:
    salt: bytes
    iteration_count: int
    key_length: int | None
    prf: list[asn1.TLV] | None


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a MAC is computed: the key from the secret, the MAC by it, and the same written with another salt and MAC.

    `rounds` is how often something is hashed for the key.
    """

    key: Callable[[bytes], bytes]
    scheme: Scheme
    written: Callable[[bytes, Algorithm], Algorithm]
    salt: int
    rounds: int = 0


def is_mac(oid: str) -> bool:
    """Whether the OID is that of a MAC which is known here."""
    return oid in (PBM, PBMAC1) or is_scheme(oid)


def compute(protection: Algorithm, secret: bytes, data: bytes, most_iterations: int) -> bytes:
    """The MAC over some data; raises Failure for what is unknown, would cost too much, or takes no such secret."""
    plan = _plan(protection, most_iterations)
    key = plan.key(secret)
    if not plan.scheme.takes(key):
        raise Failure(FailInfo.BAD_ALG, "the secret is no key of the length that this MAC takes", of_message=True)
    return plan.scheme.compute(key, data)


def verify(protection: Algorithm, secret: bytes, data: bytes, mac: bytes, most_iterations: int) -> bool:
    """Whether the MAC is right, compared in constant time; raises Failure for what no secret can be right with.

    A secret that is no key for this MAC takes as long as one that is, and is wrong.
    """
    plan = _plan(protection, most_iterations)
    key = plan.key(secret)
    takes = plan.scheme.takes(key)
    right = hmac.compare_digest(plan.scheme.compute(key if takes else bytes(plan.scheme.usual), data), mac)
    return takes and right


def renewed(protection: Algorithm, most_iterations: int, random: RandomBytes) -> Algorithm:
    """The same algorithm and costs with a fresh salt and nonce, for the answer."""
    plan = _plan(protection, most_iterations)
    return plan.written(random(max(16, plan.salt)) if plan.salt else b"", plan.scheme.renewed(random))


def rounds(protection: Algorithm, most_iterations: int) -> int:
    """How often something is hashed before a MAC is known to be right or wrong; 0 for what is refused at once."""
    try:
        return _plan(protection, most_iterations).rounds
    except Refused:
        return 0


def _plan(protection: Algorithm, most_iterations: int) -> _Plan:
    if protection.oid == PBM:
        return _password_based(protection, most_iterations)
    if protection.oid == PBMAC1:
        return _pbmac1(protection, most_iterations)
    if protection.oid == DH_BASED_MAC:
        return _dh_based(protection)
    return _Plan(lambda secret: secret, scheme(protection), lambda _salt, mac: mac, 0)


def _password_based(protection: Algorithm, most_iterations: int) -> _Plan:
    read = decoded(_PbmParameter, protection.parameters or b"", "PBMParameter")
    _bounded(read.iteration_count, read.salt, most_iterations)
    owf, mac = algorithm(encoded(read.owf)), scheme(algorithm(encoded(read.mac)))
    one_way = _one_way(owf)
    _fitting(mac, mac.fixed or one_way().digest_size)

    def key(secret: bytes) -> bytes:
        value = secret + read.salt
        for _ in range(read.iteration_count):
            value = one_way(value).digest()
        return _lengthened(value, one_way, mac)

    def written(salt: bytes, ended: Algorithm) -> Algorithm:
        count = der.integer(read.iteration_count)
        return Algorithm(protection.oid, der.sequence(der.octet_string(salt), owf.encoded(), count, ended.encoded()))

    return _Plan(key, mac, written, len(read.salt), read.iteration_count)


def _dh_based(protection: Algorithm) -> _Plan:
    """RFC 9810 5.1.3.2: as a password's, but a secret that was agreed on is hashed once and without a salt."""
    read = decoded(_DhbmParameter, protection.parameters or b"", "DHBMParameter")
    owf, mac = algorithm(encoded(read.owf)), scheme(algorithm(encoded(read.mac)))
    one_way = _one_way(owf)
    _fitting(mac, mac.fixed or one_way().digest_size)

    def written(_salt: bytes, ended: Algorithm) -> Algorithm:
        return Algorithm(protection.oid, der.sequence(owf.encoded(), ended.encoded()))

    return _Plan(lambda secret: _lengthened(one_way(secret).digest(), one_way, mac), mac, written, 0)


def _one_way(owf: Algorithm) -> Callable[..., "hashlib._Hash"]:
    name = _HASHES.get(owf.oid)
    if name is None:
        raise Failure(FailInfo.BAD_ALG, f"the one-way function {owf.oid} is not known", of_message=True)
    found: Callable[..., hashlib._Hash] = getattr(hashlib, name)
    return found


def _lengthened(value: bytes, one_way: Callable[..., "hashlib._Hash"], mac: Scheme) -> bytes:
    """A key as long as the MAC wants it: it goes on with hashes of "1", "2" ... before the first (RFC 9810 5.1.3.1)."""
    whole, number = value, 1
    while mac.fixed is not None and len(whole) < mac.fixed:
        whole, number = whole + one_way(str(number).encode() + value).digest(), number + 1
    return whole[: mac.fixed]


def _pbmac1(protection: Algorithm, most_iterations: int) -> _Plan:
    read = decoded(_Pbmac1Params, protection.parameters or b"", "PBMAC1-params")
    derivation, mac = algorithm(encoded(read.key_derivation_func)), scheme(algorithm(encoded(read.message_auth_scheme)))
    if derivation.oid not in (_PBKDF2, _PBES2):
        raise Failure(FailInfo.BAD_ALG, f"the key derivation {derivation.oid} is not known", of_message=True)
    parameters = decoded(_Pbkdf2Params, derivation.parameters or b"", "PBKDF2-params")
    prf = _HMAC_SHA1 if parameters.prf is None else algorithm(der.sequence(*map(encoded, parameters.prf)))
    inner = hmac_hash(prf)
    length = parameters.key_length or mac.usual
    blocks = -(-length // hashlib.new(inner).digest_size)
    _bounded(parameters.iteration_count, parameters.salt, most_iterations)
    if not 1 <= blocks <= MOST_BLOCKS or blocks * parameters.iteration_count > most_iterations * 16:
        raise Failure(FailInfo.BAD_ALG, "this key derivation costs more than is allowed here", of_message=True)
    _fitting(mac, length)

    def written(salt: bytes, ended: Algorithm) -> Algorithm:
        fresh = der.sequence(
            der.octet_string(salt),
            der.integer(parameters.iteration_count),
            b"" if parameters.key_length is None else der.integer(parameters.key_length),
            b"" if parameters.prf is None else prf.encoded(),
        )
        return Algorithm(protection.oid, der.sequence(Algorithm(_PBKDF2, fresh).encoded(), ended.encoded()))

    def key(secret: bytes) -> bytes:
        return hashlib.pbkdf2_hmac(inner, secret, parameters.salt, parameters.iteration_count, length)

    return _Plan(key, mac, written, len(parameters.salt), parameters.iteration_count * blocks)


def _bounded(iterations: int, salt: bytes, most_iterations: int) -> None:
    if not LEAST_ITERATIONS <= iterations <= most_iterations:
        detail = f"{LEAST_ITERATIONS} to {most_iterations} iterations are accepted"
        raise Failure(FailInfo.BAD_ALG, detail, of_message=True)
    if not 1 <= len(salt) <= _MOST_OCTETS:
        raise Failure(FailInfo.BAD_ALG, f"a salt has 1 to {_MOST_OCTETS} octets", of_message=True)


def _fitting(mac: Scheme, octets: int) -> None:
    if not mac.takes(bytes(octets)):
        raise Failure(FailInfo.BAD_ALG, f"this MAC takes no keys of {octets} octets", of_message=True)
