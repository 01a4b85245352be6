"""Shared secrets and how a full CMC request proves to know one (RFC 5272 6.2)."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from emca_daemon.asn1 import cmc
from emca_daemon.asn1.cmc import PkiData
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.http_users import HttpUser

_DIGESTS: Final = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_MACS: Final = {
    "1.3.6.1.5.5.8.1.2": "sha1",
    "1.2.840.113549.2.7": "sha1",
    "1.2.840.113549.2.9": "sha256",
    "1.2.840.113549.2.10": "sha384",
    "1.2.840.113549.2.11": "sha512",
}


@dataclass(frozen=True, slots=True)
class SharedSecret:
    """One secret, and in which groups its owner is."""

    secret: bytes = field(repr=False)
    groups: frozenset[str] = frozenset()


def read_shared_secrets(text: str) -> Mapping[str, SharedSecret]:
    """The secrets of a file: a line `NAME SECRET [GROUP ...]` each, `#` begins a comment; raises Refused(MALFORMED)."""
    secrets: dict[str, SharedSecret] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if len(words) == 1 or (words and words[0] in secrets):
            raise Refused(Reason.MALFORMED, f"line {number} of the secrets is not NAME SECRET [GROUP ...]")
        if words:
            secrets[words[0]] = SharedSecret(words[1].encode(), frozenset(words[2:]))
    return secrets


def proved_user(data: PkiData, secrets: Mapping[str, SharedSecret], decoy: bytes) -> HttpUser | None:
    """Who proves to know their secret; None where nobody tries.

    An unknown name costs what a wrong secret costs (`decoy` stands in for it). Raises Refused(NOT_AUTHENTICATED), and
    ALGORITHM_REFUSED for a digest or MAC that is not known.
    """
    name = data.control(cmc.IDENTIFICATION)
    proof, old_proof = data.control(cmc.IDENTITY_PROOF_V2), data.control(cmc.IDENTITY_PROOF)
    if proof is None and old_proof is None:
        return None
    user = "" if name is None else cmc.text(name.value)
    known = secrets.get(user)
    secret = decoy if known is None else known.secret
    if proof is not None:
        read = cmc.read_identity_proof(proof.value)
        expected = _mac(_DIGESTS.get(read.digest.oid), _MACS.get(read.mac.oid), secret, data.request_sequence)
        witness = read.witness
    else:
        assert old_proof is not None
        expected = _mac("sha1", "sha1", secret, data.request_sequence)
        witness = cmc.octets(old_proof.value)
    if not hmac.compare_digest(expected, witness) or known is None:
        raise Refused(Reason.NOT_AUTHENTICATED, "the identity was not proved")
    return HttpUser(user, "secret", known.groups)


def _mac(digest: str | None, mac: str | None, secret: bytes, data: bytes) -> bytes:
    """The MAC under a hash of the secret (RFC 5272 6.2.1)."""
    if digest is None or mac is None:
        raise Refused(Reason.ALGORITHM_REFUSED, "the identity is proved by algorithms that are not known")
    return hmac.digest(hashlib.new(digest, secret, usedforsecurity=False).digest(), data, mac)
