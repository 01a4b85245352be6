"""The ROCA test."""

import math

from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.policy.roca import is_roca

PRIMES = [p for p in range(2, 168) if all(p % d for d in range(2, math.isqrt(p) + 1))]
PRODUCT = math.prod(PRIMES)


@given(
    st.integers(min_value=2**100, max_value=2**400),
    st.integers(min_value=2**100, max_value=2**400),
    st.integers(min_value=0, max_value=2**60),
    st.integers(min_value=0, max_value=2**60),
)
def test_numbers_made_as_the_library_made_them_are_found(k: int, other_k: int, a: int, other_a: int) -> None:
    """K * M + (65537^a mod M), twice, multiplied."""
    first = k * PRODUCT + pow(65537, a, PRODUCT)
    second = other_k * PRODUCT + pow(65537, other_a, PRODUCT)
    assert is_roca(first * second)


@given(st.integers(min_value=2**1023, max_value=2**1024))
def test_other_numbers_are_not(modulus: int) -> None:
    """Chance does not make the mark."""
    assert not is_roca(modulus)


def test_powers_of_different_exponents_do_not_agree() -> None:
    """A power of 65537 modulo each prime is not enough: the exponents must be one and the same."""
    left, right = 11 * 13 * 17 * 19, PRODUCT // (11 * 13 * 17 * 19)
    mixed = (1 * right * pow(right, -1, left) + 65537 * left * pow(left, -1, right)) % PRODUCT
    assert not is_roca(mixed + PRODUCT)
    assert is_roca(65537 + PRODUCT)
