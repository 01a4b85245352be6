"""What is known of a key before it is made: enough for policy and linters to refuse its certificate beforehand."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

from emca_daemon.policy.facts import KeyFacts
from emca_daemon.policy.keys import key_facts

_MAKERS: Mapping[str, Callable[[], CertificateIssuerPrivateKeyTypes]] = {
    "p-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ed448": ed448.Ed448PrivateKey.generate,
    "ml-dsa-44": mldsa.MLDSA44PrivateKey.generate,
    "ml-dsa-65": mldsa.MLDSA65PrivateKey.generate,
    "ml-dsa-87": mldsa.MLDSA87PrivateKey.generate,
}


def specimen_facts(algorithm: str) -> KeyFacts | None:
    """The facts of a key of that algorithm, about a throw-away one; None for a name that the signers will refuse.

    An RSA specimen has 2048 bits, since more take seconds to make, and says that it has those of its name.
    """
    size = algorithm.removeprefix("rsa-")
    if size != algorithm and size.isascii() and size.isdigit() and len(size) < 6:
        return replace(key_facts(rsa.generate_private_key(65_537, 2048).public_key()), bits=int(size))
    maker = _MAKERS.get(algorithm)
    return key_facts(maker().public_key()) if maker is not None else None
