"""Tests of emca_daemon.signers.rsa_padding: blocks as RSA gives them back."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.signers.rsa_padding import without_oaep, without_pkcs1_v15

RSA = rsa.generate_private_key(65537, 2048)
HASHES = (hashes.SHA1(), hashes.SHA256(), hashes.SHA512())


def block(message: bytes, scheme: padding.AsymmetricPadding) -> bytes:
    """What the bare RSA operation makes of a ciphertext."""
    numbers = RSA.private_numbers()
    ciphertext = RSA.public_key().encrypt(message, scheme)
    return pow(int.from_bytes(ciphertext), numbers.d, numbers.public_numbers.n).to_bytes(256)


@given(st.binary(max_size=245))
def test_a_message_comes_out_of_pkcs1_v15(message: bytes) -> None:
    """Of every length that fits."""
    assert without_pkcs1_v15(block(message, padding.PKCS1v15())) == message


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"\x00\x02" + b"\x01" * 8,
        b"\x01\x02" + b"\x01" * 8 + b"\x00message",
        b"\x00\x01" + b"\x01" * 8 + b"\x00message",
        b"\x00\x02" + b"\x01" * 7 + b"\x00message",
        b"\x00\x02\x00" + b"\x01" * 8 + b"\x00message",
        b"\x00\x02" + b"\x01" * 30,
        bytes(256),
        b"\xff" * 256,
    ],
)
def test_other_blocks_are_none_of_pkcs1_v15(wrong: bytes) -> None:
    """Too short, a wrong beginning, fewer than eight octets of padding, no end."""
    assert without_pkcs1_v15(wrong) is None


def test_the_shortest_padding_is_enough() -> None:
    """Eight octets (RFC 8017 7.2.1); zeros in the message belong to it."""
    assert without_pkcs1_v15(b"\x00\x02" + b"\xff" * 8 + b"\x00\x00m\x00") == b"\x00m\x00"
    assert without_pkcs1_v15(b"\x00\x02" + b"\xff" * 8 + b"\x00") == b""


@pytest.mark.parametrize("label", [b"", b"label"])
@pytest.mark.parametrize("mask", HASHES)
@pytest.mark.parametrize("digest", HASHES)
def test_a_message_comes_out_of_oaep(digest: hashes.HashAlgorithm, mask: hashes.HashAlgorithm, label: bytes) -> None:
    """Whatever its hashes and its label; with another label there is none."""
    scheme = padding.OAEP(padding.MGF1(mask), digest, label or None)
    for message in (b"", b"\x00\x01\x00", b"m" * (254 - 2 * digest.digest_size)):
        made = block(message, scheme)
        assert without_oaep(made, digest, mask, label) == message
        assert without_oaep(made, digest, mask, b"other") is None
        assert without_oaep(b"\x01" + made[1:], digest, mask, label) is None
        assert without_oaep(made[:-1] + bytes([made[-1] ^ 1]), digest, mask, label) != message


def test_data_without_its_marker_are_none_of_oaep() -> None:
    """Zeros to the end, or something else than 0x01 after them."""
    sha1 = hashes.SHA1()
    for data in (bytes(20), bytes(10) + b"\x02" + b"\x01" * 9):
        seed = b"s" * 20
        whole = hashes.Hash.hash(sha1, b"") + data
        masked = bytes(a ^ b for a, b in zip(whole, mgf1(seed, len(whole)), strict=True))
        masked_seed = bytes(a ^ b for a, b in zip(seed, mgf1(masked, 20), strict=True))
        assert without_oaep(b"\x00" + masked_seed + masked, sha1, sha1, b"") is None


def mgf1(seed: bytes, size: int) -> bytes:
    """MGF1 with SHA-1."""
    return b"".join(hashes.Hash.hash(hashes.SHA1(), seed + bytes([0, 0, 0, count])) for count in range(9))[:size]


@given(st.binary(max_size=300))
def test_any_octets_are_answered(octets: bytes) -> None:
    """With a message or none."""
    without_pkcs1_v15(octets)
    assert without_oaep(octets, hashes.SHA256(), hashes.SHA256(), b"") is None
