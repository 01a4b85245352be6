"""Protection by a shared secret (RFC 9481 6): PasswordBasedMac, PBMAC1, HMAC; bounded before anything is computed."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat import asn1

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp_status import FailInfo
from emca_daemon.asn1.values import Algorithm, algorithm, decoded, encoded
from emca_daemon.protocols.cmp.errors import Failure
from emca_daemon.randomness import RandomBytes

PBM = "1.2.840.113533.7.66.13"
PBMAC1 = "1.2.840.113549.1.5.14"
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
_HMAC_SHA1 = Algorithm("1.2.840.113549.2.7", der.NULL)


@asn1.sequence
class _PbmParameter:
    salt: bytes
    owf: asn1.TLV
    iteration_count: int
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
    """How a MAC is computed: the key from the secret, the hash of the HMAC, and the same with another salt."""

    key: Callable[[bytes], bytes]
    hash: str
    with_salt: Callable[[bytes], Algorithm]
    salt: int


def is_mac(oid: str) -> bool:
    """Whether the OID is that of a MAC which is known here."""
    return oid in (PBM, PBMAC1) or oid in _HMACS


def compute(protection: Algorithm, secret: bytes, data: bytes, most_iterations: int) -> bytes:
    """The MAC over some data; raises Failure for parameters that are unknown or would cost too much."""
    plan = _plan(protection, most_iterations)
    return hmac.digest(plan.key(secret), data, plan.hash)


def verify(protection: Algorithm, secret: bytes, data: bytes, mac: bytes, most_iterations: int) -> bool:
    """Whether the MAC is right, compared in constant time; raises Failure as `compute` does."""
    return hmac.compare_digest(compute(protection, secret, data, most_iterations), mac)


def renewed(protection: Algorithm, most_iterations: int, random: RandomBytes) -> Algorithm:
    """The same algorithm and costs with a fresh salt, for the answer."""
    plan = _plan(protection, most_iterations)
    return plan.with_salt(random(max(16, plan.salt)) if plan.salt else b"")


def _plan(protection: Algorithm, most_iterations: int) -> _Plan:
    if protection.oid == PBM:
        return _password_based(protection, most_iterations)
    if protection.oid == PBMAC1:
        return _pbmac1(protection, most_iterations)
    return _Plan(lambda secret: secret, _hmac_hash(protection), lambda _: protection, 0)


def _password_based(protection: Algorithm, most_iterations: int) -> _Plan:
    read = decoded(_PbmParameter, protection.parameters or b"", "PBMParameter")
    _bounded(read.iteration_count, read.salt, most_iterations)
    owf, mac = algorithm(encoded(read.owf)), algorithm(encoded(read.mac))
    one_way = getattr(hashlib, _HASHES.get(owf.oid, ""), None)
    if one_way is None:
        raise Failure(FailInfo.BAD_ALG, f"the one-way function {owf.oid} is not known", of_message=True)

    def key(secret: bytes) -> bytes:
        value = secret + read.salt
        for _ in range(read.iteration_count):
            value = one_way(value).digest()
        return bytes(value)

    def with_salt(salt: bytes) -> Algorithm:
        count = der.integer(read.iteration_count)
        return Algorithm(protection.oid, der.sequence(der.octet_string(salt), owf.encoded(), count, mac.encoded()))

    return _Plan(key, _hmac_hash(mac), with_salt, len(read.salt))


def _pbmac1(protection: Algorithm, most_iterations: int) -> _Plan:
    read = decoded(_Pbmac1Params, protection.parameters or b"", "PBMAC1-params")
    derivation, mac = algorithm(encoded(read.key_derivation_func)), algorithm(encoded(read.message_auth_scheme))
    if derivation.oid not in (_PBKDF2, _PBES2):
        raise Failure(FailInfo.BAD_ALG, f"the key derivation {derivation.oid} is not known", of_message=True)
    parameters = decoded(_Pbkdf2Params, derivation.parameters or b"", "PBKDF2-params")
    prf = _HMAC_SHA1 if parameters.prf is None else algorithm(der.sequence(*map(encoded, parameters.prf)))
    inner, outer = _hmac_hash(prf), _hmac_hash(mac)
    length = parameters.key_length or hashlib.new(outer).digest_size
    blocks = -(-length // hashlib.new(inner).digest_size)
    _bounded(parameters.iteration_count, parameters.salt, most_iterations)
    if not 1 <= blocks <= MOST_BLOCKS or blocks * parameters.iteration_count > most_iterations * 16:
        raise Failure(FailInfo.BAD_ALG, "this key derivation costs more than is allowed here", of_message=True)

    def with_salt(salt: bytes) -> Algorithm:
        fresh = der.sequence(
            der.octet_string(salt),
            der.integer(parameters.iteration_count),
            b"" if parameters.key_length is None else der.integer(parameters.key_length),
            b"" if parameters.prf is None else prf.encoded(),
        )
        return Algorithm(protection.oid, der.sequence(Algorithm(_PBKDF2, fresh).encoded(), mac.encoded()))

    def key(secret: bytes) -> bytes:
        return hashlib.pbkdf2_hmac(inner, secret, parameters.salt, parameters.iteration_count, length)

    return _Plan(key, outer, with_salt, len(parameters.salt))


def _bounded(iterations: int, salt: bytes, most_iterations: int) -> None:
    if not LEAST_ITERATIONS <= iterations <= most_iterations:
        detail = f"{LEAST_ITERATIONS} to {most_iterations} iterations are accepted"
        raise Failure(FailInfo.BAD_ALG, detail, of_message=True)
    if not 1 <= len(salt) <= _MOST_OCTETS:
        raise Failure(FailInfo.BAD_ALG, f"a salt has 1 to {_MOST_OCTETS} octets", of_message=True)


def _hmac_hash(mac: Algorithm) -> str:
    name = _HMACS.get(mac.oid)
    if name is None or not mac.without_parameters:
        raise Failure(FailInfo.BAD_ALG, f"the MAC {mac.oid} is not known", of_message=True)
    return name
