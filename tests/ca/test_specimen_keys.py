"""Tests of emca_daemon.ca.specimen_keys."""

import pytest

from emca_daemon.ca.specimen_keys import specimen_facts
from emca_daemon.policy.keys import key_facts
from emca_daemon.signers.algorithms import ALGORITHMS, generate


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_specimen_is_like_the_key_that_will_be_made(algorithm: str) -> None:
    """Every algorithm that signers know has one, of the same kind and size."""
    specimen = specimen_facts(algorithm)
    assert specimen is not None
    size = algorithm.removeprefix("rsa-")
    like = key_facts(generate("rsa-2048" if algorithm.startswith("rsa-") else algorithm).public_key())
    assert (specimen.algorithm, specimen.parameter, specimen.exponent) == (
        like.algorithm,
        like.parameter,
        like.exponent,
    )
    assert specimen.bits == (int(size) if size != algorithm else like.bits)
    assert specimen.fingerprint != like.fingerprint


@pytest.mark.parametrize(
    "algorithm", ["", "rsa", "rsa-", "rsa-\N{SUPERSCRIPT TWO}", "rsa--1", "rsa-1000000", "p-224", "dsa"]
)
def test_a_name_without_a_key_has_no_specimen(algorithm: str) -> None:
    """The signers refuse it, naming those that they know."""
    assert specimen_facts(algorithm) is None
