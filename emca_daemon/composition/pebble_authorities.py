"""The CAs of a Pebble in memory: roots, and one issuing key certified under each of them."""

from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from emca_daemon.ca.hierarchy import NewAuthority
from emca_daemon.composition.core import Core
from emca_daemon.composition.duties import daemon_requester
from emca_daemon.composition.pebble_settings import INTERMEDIATE_PROFILE, ROOT_PROFILE
from emca_daemon.names import IssuerName, KeyName, SubjectAttribute
from emca_daemon.policy.facts import Requester
from emca_daemon.protocols.pebble.management import Chain

SIGNER: Final = "memory"
_ALGORITHMS: Final = {"": "rsa-2048", "rsa": "rsa-2048", "ecdsa": "p-256"}


def issuing(number: int) -> IssuerName:
    """The CA that issues, as certified by the root of that number."""
    return IssuerName(f"intermediate-{number}")


def algorithm_of(key_algorithm: str) -> str:
    """The algorithm that Pebble's `keyAlgorithm` means; another name is taken as one of ours."""
    return _ALGORITHMS.get(key_algorithm.lower(), key_algorithm)


@dataclass(frozen=True, slots=True)
class _Making:
    """What all of these CAs have in common: a random word in their names, as each start makes new ones."""

    core: Core
    algorithm: str
    word: str
    requester: Requester

    def new(self, name: str, title: str, key: str, *, fresh: bool, root: bool = False) -> NewAuthority:
        """A CA, with a key of its own or with one that is there."""
        return NewAuthority(
            name=IssuerName(name),
            profile=ROOT_PROFILE if root else INTERMEDIATE_PROFILE,
            subject=(SubjectAttribute(NameOID.COMMON_NAME.dotted_string, f"Pebble {title} {self.word}"),),
            key=KeyName(f"{SIGNER}:{key}"),
            algorithm=self.algorithm if fresh else "",
        )

    def chain(self, number: int, length: int) -> None:
        """A root, and beneath it `length` CAs of which the last issues: its key alone is the same under every root."""
        root = f"root-{number}"
        title = "Root CA" if number == 0 else f"Root CA {number}"
        self.core.hierarchy.create_root(self.new(root, title, root, fresh=True, root=True), self.requester)
        parent = IssuerName(root)
        for place in range(length - 1, -1, -1):
            name = issuing(number) if place == 0 else IssuerName(f"intermediate-{number}-{place}")
            title = "Intermediate CA" if place == 0 else f"Intermediate CA {number}.{place}"
            key, fresh = ("intermediate-0", number == 0) if place == 0 else (str(name), True)
            self.core.hierarchy.create_sub(self.new(name, title, key, fresh=fresh), parent, self.requester)
            parent = name


def make_authorities(core: Core, *, roots: int, length: int, key_algorithm: str) -> tuple[Chain, ...]:
    """Make the CAs; what the management interface shows of them, by root."""
    word = core.random(3).hex()
    making = _Making(core, algorithm_of(key_algorithm), word, daemon_requester(word))
    for number in range(roots):
        making.chain(number, length)
    return tuple(_shown(core, number) for number in range(roots))


def _shown(core: Core, number: int) -> Chain:
    chain = core.authorities.get(issuing(number)).chain
    return Chain(
        root=chain[-1].public_bytes(Encoding.PEM).decode(),
        root_key=_key(core, f"root-{number}"),
        intermediate=chain[0].public_bytes(Encoding.PEM).decode(),
        intermediate_key=_key(core, "intermediate-0"),
    )


def _key(core: Core, label: str) -> str:
    """A private key in PEM, which Pebble shows to everybody: these CAs are for tests and live as long as they do."""
    key = core.keys.get(KeyName(f"{SIGNER}:{label}"))
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
