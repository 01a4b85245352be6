"""The algorithms of CMS by name and object identifier: digests, and ciphers for content (RFC 3370, 5754, 3565, 5084).

Which of them may be used is for the caller to say, always as an explicit set of these names.
"""

from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes

from emca_daemon.errors import Reason, Refused

DIGEST_OIDS = {
    "md5": "1.2.840.113549.2.5",
    "sha1": "1.3.14.3.2.26",
    "sha224": "2.16.840.1.101.3.4.2.4",
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
"""Digests by our name, which is also the one in `hashlib`."""

MODERN_DIGESTS = frozenset({"sha256", "sha384", "sha512"})
MODERN_CIPHERS = frozenset({"aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "aes-128-gcm", "aes-192-gcm", "aes-256-gcm"})

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "md5": hashes.MD5(),  # noqa: S303 - callers name what they allow, and by default that is SHA-2
    "sha1": hashes.SHA1(),  # noqa: S303 - as above
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_DIGEST_NAMES = {oid: name for name, oid in DIGEST_OIDS.items()}


@dataclass(frozen=True, slots=True)
class Cipher:
    """A content cipher: key and block (or nonce) size in octets; `mode` is `cbc` or `gcm`, `family` `aes` or `des`."""

    name: str
    oid: str
    family: str
    mode: str
    key_size: int
    vector_size: int


_AES = "2.16.840.1.101.3.4.1."
CIPHERS = {
    cipher.name: cipher
    for cipher in (
        Cipher("aes-128-cbc", _AES + "2", "aes", "cbc", 16, 16),
        Cipher("aes-192-cbc", _AES + "22", "aes", "cbc", 24, 16),
        Cipher("aes-256-cbc", _AES + "42", "aes", "cbc", 32, 16),
        Cipher("aes-128-gcm", _AES + "6", "aes", "gcm", 16, 12),
        Cipher("aes-192-gcm", _AES + "26", "aes", "gcm", 24, 12),
        Cipher("aes-256-gcm", _AES + "46", "aes", "gcm", 32, 12),
        Cipher("des-ede3-cbc", "1.2.840.113549.3.7", "des", "cbc", 24, 8),
        Cipher("des-cbc", "1.3.14.3.2.7", "des", "cbc", 8, 8),
    )
}
"""Content ciphers by name."""
_CIPHERS_BY_OID = {cipher.oid: cipher for cipher in CIPHERS.values()}


def digest_name(oid: str) -> str:
    """Our name of a digest; raises Refused(ALGORITHM_REFUSED) for one that is not known."""
    try:
        return _DIGEST_NAMES[oid]
    except KeyError:
        raise Refused(Reason.ALGORITHM_REFUSED, f"the digest {oid} is not known") from None


def digest_label(oid: str) -> str:
    """Our name of a digest, or its OID where it has none here: to be refused by whoever knows what is permitted."""
    return _DIGEST_NAMES.get(oid, oid)


def hash_of(name: str) -> hashes.HashAlgorithm:
    """The hash as cryptography wants it."""
    return _HASHES[name]


def digest(name: str, *parts: bytes) -> bytes:
    """The digest of the parts, one after the other."""
    context = hashes.Hash(_HASHES[name])
    for part in parts:
        context.update(part)
    return context.finalize()


def cipher_by_oid(oid: str) -> Cipher:
    """A content cipher; raises Refused(ALGORITHM_REFUSED) for one that is not known."""
    try:
        return _CIPHERS_BY_OID[oid]
    except KeyError:
        raise Refused(Reason.ALGORITHM_REFUSED, f"the cipher {oid} is not known") from None
