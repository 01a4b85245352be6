"""The CAs of a Pebble in memory."""

from itertools import pairwise
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from emca_daemon.composition.pebble import pebble_core
from emca_daemon.composition.pebble_authorities import algorithm_of, issuing
from emca_daemon.composition.pebble_settings import PebblePlan
from emca_daemon.settings.pebble import PebbleEnvironment, PebbleSettings


def plan(roots: int, length: int) -> PebblePlan:
    """So many alternate roots, so many CAs in a chain."""
    settings = PebbleSettings(certificate=Path("cert.pem"), private_key=Path("key.pem"), key_algorithm="ecdsa")
    environment = PebbleEnvironment(alternate_roots=roots, chain_length=length)
    return PebblePlan(Path("/pebble.json"), settings, environment)


@pytest.mark.parametrize(("roots", "length"), [(0, 1), (1, 1), (1, 3)])
def test_chains(roots: int, length: int) -> None:
    """Each root certifies the same issuing key, over as many CAs as were asked for; keys go with certificates."""
    core, chains = pebble_core(plan(roots, length))
    assert len(chains) == roots + 1
    issuing_keys = set()
    for number, shown in enumerate(chains):
        chain = core.authorities.get(issuing(number)).chain
        assert len(chain) == length + 1
        for one, above in pairwise(chain):
            one.verify_directly_issued_by(above)
        root = x509.load_pem_x509_certificate(shown.root.encode())
        assert root == chain[-1]
        assert load_pem_private_key(shown.root_key.encode(), None).public_key() == root.public_key()
        issuer = x509.load_pem_x509_certificate(shown.intermediate.encode())
        assert issuer == chain[0]
        assert load_pem_private_key(shown.intermediate_key.encode(), None).public_key() == issuer.public_key()
        issuing_keys.add(shown.intermediate_key)
        assert "PRIVATE KEY" not in repr(shown)
    assert len(issuing_keys) == 1
    core.store.close()


def test_algorithms() -> None:
    """Pebble's words for keys, and ours."""
    assert algorithm_of("") == "rsa-2048"
    assert algorithm_of("RSA") == "rsa-2048"
    assert algorithm_of("ecdsa") == "p-256"
    assert algorithm_of("p-384") == "p-384"
