"""Weak keys: the arithmetic of RSA moduli and lists of known keys."""

import math
from hashlib import sha1

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.weak_keys import WeakKeys, read_fingerprints, rsa_weaknesses, weaknesses_of

STRONG = rsa.generate_private_key(65537, 2048)
P, Q = STRONG.private_numbers().p, STRONG.private_numbers().q
N = STRONG.public_key().public_numbers().n
CLOSE = "the modulus is a product of close primes (Fermat)"


def is_prime(number: int) -> bool:
    """Fermat's test to two bases: enough for tests."""
    return pow(2, number - 1, number) == 1 and pow(3, number - 1, number) == 1


def next_prime(number: int) -> int:
    """The first prime after an even number."""
    candidate = number + 1
    while not is_prime(candidate):
        candidate += 2
    return candidate


def test_a_sound_key_has_no_weakness() -> None:
    """Keys as everybody makes them."""
    assert rsa_weaknesses(N, 65537) == ()
    assert rsa_weaknesses(N, 3) == ()
    assert weaknesses_of(STRONG.public_key()) == ()


def test_other_algorithms_have_none_to_look_for() -> None:
    """Only RSA has arithmetic weaknesses that show."""
    assert weaknesses_of(ec.generate_private_key(ec.SECP256R1()).public_key()) == ()


@pytest.mark.parametrize(
    ("modulus", "exponent", "weakness"),
    [
        (N, 1, "the public exponent is smaller than 3"),
        (N, 65536, "the public exponent is even"),
        (N, 2**256 + 1, "the public exponent has more than 256 bits"),
        (N - 1, 65537, "the modulus is even"),
        (P * 3, 65537, "the modulus has a small factor"),
        (P * 751, 65537, "the modulus has a small factor"),
        (P * P, 65537, CLOSE),
        (P * next_prime(P + 1), 65537, CLOSE),
        (P * next_prime(P + 2**400 + 1 - (2**400 & 1)), 65537, CLOSE),
    ],
)
def test_each_weakness_is_found(modulus: int, exponent: int, weakness: str) -> None:
    """One sentence for each."""
    assert weakness in rsa_weaknesses(modulus, exponent)


def test_the_mark_of_roca_is_a_weakness() -> None:
    """A modulus that is a power of 65537 modulo all small primes."""
    primes = math.prod(p for p in range(2, 168) if all(p % d for d in range(2, math.isqrt(p) + 1)))
    modulus = (7**300 * primes + pow(65537, 12345, primes)) * (11**350 * primes + pow(65537, 54321, primes))
    assert rsa_weaknesses(modulus, 65537)[-1] == "the modulus bears the mark of the ROCA weakness (CVE-2017-15361)"


def test_factors_from_752_on_are_not_small() -> None:
    """The bound is that of the Baseline Requirements."""
    assert rsa_weaknesses(P * 757, 65537) == ()


def test_several_weaknesses_are_all_told() -> None:
    """A key may be weak in more than one way."""
    assert len(rsa_weaknesses(N - 1, 2)) == 3


@given(st.integers(min_value=0, max_value=90), st.integers(min_value=2**200, max_value=2**201))
def test_any_pair_that_fermat_finds_is_weak(round_: int, middle: int) -> None:
    """Whatever a product of two odd numbers is, the rounds promised are done."""
    middle = middle * 2 + 1
    distance = math.isqrt(2 * middle * round_) & ~1
    product = (middle - distance) * (middle + distance)
    assert math.isqrt(product) + 100 > middle
    assert rsa_weaknesses(product, 65537) != ()


@given(st.integers(min_value=0), st.integers(min_value=0))
def test_no_number_breaks_the_tests(modulus: int, exponent: int) -> None:
    """Any pair of numbers gets an answer."""
    rsa_weaknesses(modulus, exponent)


def test_a_known_key_is_weak_and_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The arithmetic is done once for a key as long as it is remembered."""
    calls: list[object] = []

    def counted(key: CertificatePublicKeyTypes) -> tuple[str, ...]:
        calls.append(key)
        return ()

    monkeypatch.setattr("emca_daemon.policy.weak_keys.weaknesses_of", counted)
    weak = WeakKeys([b"k" * 32], remember=2)
    key = STRONG.public_key()
    assert weak.weaknesses(key, b"k" * 32) == ("the private key is publicly known",)
    assert weak.weaknesses(key, b"k" * 32) == ("the private key is publicly known",)
    assert len(calls) == 1
    weak.weaknesses(key, b"a" * 32)
    weak.weaknesses(key, b"k" * 32)
    weak.weaknesses(key, b"b" * 32)
    assert len(calls) == 3
    weak.weaknesses(key, b"k" * 32)
    assert len(calls) == 3
    weak.weaknesses(key, b"a" * 32)
    assert len(calls) == 4


def test_debians_own_lists_are_understood() -> None:
    """They have the end of SHA-1 over what `openssl rsa -modulus` prints."""
    key = STRONG.public_key()
    printed = f"Modulus={key.public_numbers().n:X}\n".encode()
    listed = read_fingerprints(sha1(printed, usedforsecurity=False).hexdigest()[20:], "blacklist.RSA-2048")
    assert WeakKeys(listed).weaknesses(key, b"k" * 32) == ("the private key is publicly known",)
    assert WeakKeys(listed).weaknesses(ec.generate_private_key(ec.SECP256R1()).public_key(), b"k" * 32) == ()


def test_fingerprints_are_read_with_comments() -> None:
    """One a line, case does not matter, blank lines and comments do not count."""
    text = f"# Debian\n{'ab' * 32}\n\n{'CD' * 32}  # another\n"
    assert read_fingerprints(text, "known.txt") == {b"\xab" * 32, b"\xcd" * 32}


@pytest.mark.parametrize("line", ["ab", "zz" * 32, "ab" * 33, "ab " * 21 + "a"])
def test_a_line_that_is_no_fingerprint_is_refused(line: str) -> None:
    """With the file and the line."""
    with pytest.raises(Refused, match=r"known\.txt, line 2") as refusal:
        read_fingerprints(f"\n{line}", "known.txt")
    assert refusal.value.reason is Reason.MALFORMED
