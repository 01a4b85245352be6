"""Names beneath `.onion`: the key of a Tor hidden service is in its address (RFC 7686, RFC 9799; version 3 alone)."""

import re
from base64 import b32decode
from hashlib import sha3_256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType

_ADDRESS = re.compile(r"[a-z2-7]{56}")
_VERSION = 3
_PREFIX = b".onion checksum"


def is_onion(name: AlternativeName) -> bool:
    """Whether a name is one of the special-use domain `onion`, sound or not."""
    return name.type is NameType.DNS and (name.value == "onion" or name.value.endswith(".onion"))


def service_of(name: AlternativeName) -> str:
    """The hidden service that a name (or a wildcard) belongs to: its last two labels."""
    return ".".join(name.value.split(".")[-2:])


def onion_problem(name: AlternativeName) -> str | None:
    """What keeps a name beneath `onion` from belonging to a hidden service; None when nothing does."""
    try:
        service_key(name)
    except Refused as refused:
        return refused.detail
    return None


def service_key(name: AlternativeName) -> Ed25519PublicKey:
    """The key of the hidden service that a name belongs to; raises Refused(NAME_REFUSED)."""
    address = service_of(name).removesuffix(".onion")
    if not _ADDRESS.fullmatch(address):
        raise _refused("is not beneath the address of a hidden service of version 3 (56 characters)")
    decoded = b32decode(address, casefold=True)
    key, checksum, version = decoded[:32], decoded[32:34], decoded[34]
    if version != _VERSION:
        raise _refused(f"is beneath the address of a hidden service of version {version}, not 3")
    if sha3_256(_PREFIX + key + bytes([version])).digest()[:2] != checksum:
        raise _refused("is beneath an address whose checksum is wrong")
    return Ed25519PublicKey.from_public_bytes(key)


def _refused(detail: str) -> Refused:
    return Refused(Reason.NAME_REFUSED, detail)
