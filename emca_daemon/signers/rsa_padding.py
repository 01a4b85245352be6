"""What RSA gives back without a token's help, freed from its padding (RFC 8017 7.1.2 and 7.2.2).

Every octet is looked at, whatever the ones before it were, and there is one answer to all that is wrong: where a block
fails must not be seen.
"""

from cryptography.hazmat.primitives import hashes

_SHORTEST_PADDING = 8
_MARKERS = 3
"""The octets around the padding of PKCS #1 v1.5: 0x00, 0x02, and 0x00 at its end."""


def without_pkcs1_v15(block: bytes) -> bytes | None:
    """The message in an EME-PKCS1-v1_5 block, as long as the modulus; None where it is no such block."""
    if len(block) < _SHORTEST_PADDING + _MARKERS:
        return None
    wrong = block[0] | (block[1] ^ 2)
    start, looking = 0, 1
    for index, octet in enumerate(block[2:], _MARKERS):
        end = looking & _is_zero(octet)
        start |= index * end
        looking ^= end
    wrong |= looking | _is_less(start, _SHORTEST_PADDING + _MARKERS)
    return None if wrong else block[start:]


def without_oaep(block: bytes, digest: hashes.HashAlgorithm, mask: hashes.HashAlgorithm, label: bytes) -> bytes | None:
    """The message in an EME-OAEP block, as long as the modulus; None where it is no such block."""
    size = digest.digest_size
    if len(block) < 2 * size + 2:
        return None
    masked_seed, masked_data = block[1 : size + 1], block[size + 1 :]
    seed = _exclusive_or(masked_seed, _mask(masked_data, size, mask))
    data = _exclusive_or(masked_data, _mask(seed, len(masked_data), mask))
    expected = hashes.Hash.hash(digest, label)
    wrong = block[0] | int.from_bytes(_exclusive_or(data[:size], expected))
    start, looking = 0, 1
    for index, octet in enumerate(data[size:], size + 1):
        end = looking & _is_zero(octet ^ 1)
        wrong |= looking & (1 - end) & (1 - _is_zero(octet))
        start |= index * end
        looking ^= end
    return None if wrong | looking else data[start:]


def _is_zero(octet: int) -> int:
    """1 for 0, and 0 for any other octet."""
    return ((octet - 1) >> 8) & 1


def _is_less(number: int, limit: int) -> int:
    """1 for a number below the limit, both of them lengths."""
    return ((number - limit) >> 32) & 1


def _exclusive_or(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left) ^ int.from_bytes(right)).to_bytes(len(left))


def _mask(seed: bytes, size: int, algorithm: hashes.HashAlgorithm) -> bytes:
    """MGF1 (RFC 8017 B.2.1)."""
    rounds = -(-size // algorithm.digest_size)
    return b"".join(hashes.Hash.hash(algorithm, seed + count.to_bytes(4)) for count in range(rounds))[:size]
