"""Tests of emca_daemon.asn1.cms_password."""

import pytest

from emca_daemon.asn1 import cms, cms_content, cms_password, der
from emca_daemon.asn1.cms_algorithms import CIPHERS, MODERN_CIPHERS
from emca_daemon.errors import Reason, Refused
from tests.support.cms_world import counted

SALT = der.octet_string(bytes(8))
PBKDF2 = cms.Algorithm(cms_password.PBKDF2, der.sequence(SALT, der.integer(2)))


def pwri(cipher: str = "aes-128-cbc") -> cms.Algorithm:
    """id-alg-PWRI-KEK with a cipher."""
    parameters = cms_content.write_parameters(CIPHERS[cipher], bytes(CIPHERS[cipher].vector_size))
    return cms.Algorithm(cms_password.PWRI_KEK, cms.write_algorithm(cms.Algorithm(CIPHERS[cipher].oid, parameters)))


@pytest.mark.parametrize("size", [8, 16, 24, 32])
def test_the_key_comes_back_to_who_knows_the_password(size: int) -> None:
    """And to nobody else."""
    derivation, algorithm, wrapped = cms_password.wrap(b"secret", counted(size), counted)
    assert cms_password.unwrap(b"secret", derivation, algorithm, wrapped, ciphers=MODERN_CIPHERS) == counted(size)
    assert cms_password.unwrap(b"Secret", derivation, algorithm, wrapped, ciphers=MODERN_CIPHERS) is None


def test_a_key_length_that_fits_may_be_told() -> None:
    """PBKDF2-params with keyLength and another pseudorandom function."""
    function = cms.write_algorithm(cms.Algorithm("1.2.840.113549.2.9"))
    told = cms.Algorithm(cms_password.PBKDF2, der.sequence(SALT, der.integer(1), der.integer(16), function))
    assert cms_password.unwrap(b"x", told, pwri(), bytes(32), ciphers=MODERN_CIPHERS) is None


@pytest.mark.parametrize(
    ("derivation", "algorithm", "wrapped", "reason"),
    [
        (PBKDF2, cms.Algorithm("1.2.3"), bytes(32), Reason.ALGORITHM_REFUSED),
        (PBKDF2, cms.Algorithm(cms_password.PWRI_KEK), bytes(32), Reason.ALGORITHM_REFUSED),
        (PBKDF2, pwri("aes-128-gcm"), bytes(32), Reason.ALGORITHM_REFUSED),
        (PBKDF2, pwri("des-cbc"), bytes(32), Reason.ALGORITHM_REFUSED),
        (PBKDF2, pwri(), bytes(16), Reason.MALFORMED),
        (PBKDF2, pwri(), bytes(33), Reason.MALFORMED),
        (PBKDF2, pwri(), bytes(512), Reason.MALFORMED),
        (None, pwri(), bytes(32), Reason.ALGORITHM_REFUSED),
        (cms.Algorithm("1.2.3", der.sequence()), pwri(), bytes(32), Reason.ALGORITHM_REFUSED),
        (cms.Algorithm(cms_password.PBKDF2, der.sequence(SALT)), pwri(), bytes(32), Reason.MALFORMED),
        (
            cms.Algorithm(cms_password.PBKDF2, der.sequence(SALT, der.integer(10**9))),
            pwri(),
            bytes(32),
            Reason.ALGORITHM_REFUSED,
        ),
        (
            cms.Algorithm(cms_password.PBKDF2, der.sequence(SALT, der.integer(0))),
            pwri(),
            bytes(32),
            Reason.ALGORITHM_REFUSED,
        ),
        (
            cms.Algorithm(cms_password.PBKDF2, der.sequence(SALT, der.integer(1), der.integer(5))),
            pwri(),
            bytes(32),
            Reason.MALFORMED,
        ),
        (
            cms.Algorithm(
                cms_password.PBKDF2, der.sequence(SALT, der.integer(1), cms.write_algorithm(cms.Algorithm("1.2.3")))
            ),
            pwri(),
            bytes(32),
            Reason.ALGORITHM_REFUSED,
        ),
    ],
)
def test_what_is_not_known_or_costs_too_much_is_refused(
    derivation: cms.Algorithm | None, algorithm: cms.Algorithm, wrapped: bytes, reason: Reason
) -> None:
    """Before any of it is computed."""
    with pytest.raises(Refused) as caught:
        cms_password.unwrap(b"secret", derivation, algorithm, wrapped, ciphers=MODERN_CIPHERS)
    assert caught.value.reason is reason
