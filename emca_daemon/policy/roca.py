"""The ROCA test: whether an RSA modulus came from the flawed library of CVE-2017-15361.

That library made primes of the form k * M + (65537^a mod M), with M a product of the first primes. A modulus of two
such primes is a power of 65537 modulo M, and so modulo every prime in M, always with the same exponent. We take the
39 primes that M has for the smallest keys; M for larger keys only adds to them. The exponent is found modulo each
prime by table, and the answers must agree: a modulus that is not of that library passes with a chance below 2^-100.
"""

import math

_GENERATOR = 65537
_PRIMES = tuple(p for p in range(3, 168) if all(p % d for d in range(2, math.isqrt(p) + 1)))
_PRODUCT = math.prod(_PRIMES)


def _logarithms(prime: int) -> dict[int, int]:
    """For each power of the generator modulo the prime, its exponent."""
    table: dict[int, int] = {}
    value = 1
    while value not in table:
        table[value] = len(table)
        value = value * _GENERATOR % prime
    return table


_TABLES = tuple(sorted(((p, _logarithms(p)) for p in _PRIMES), key=lambda entry: len(entry[1]) / entry[0]))
"""Smallest subgroups first: they turn most moduli away at once."""


def is_roca(modulus: int) -> bool:
    """Whether the modulus is a power of 65537 modulo the product of the odd primes up to 167."""
    remainder = modulus % _PRODUCT
    exponent, order = 0, 1
    for prime, table in _TABLES:
        logarithm = table.get(remainder % prime)
        if logarithm is None:
            return False
        common = math.gcd(order, len(table))
        if (logarithm - exponent) % common:
            return False
        step = len(table) // common
        turns = (logarithm - exponent) // common * pow(order // common, -1, step) % step
        exponent, order = exponent + order * turns, order * step
    return True
