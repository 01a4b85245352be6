"""The structures of a TPM."""

import contextlib
from collections.abc import Callable
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives import hashes
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.protocols.acme.attestation.tpm_structures import read_certified, read_public, read_signature
from emca_daemon.protocols.acme.errors import AcmeRefusal
from tests.support.attester import Key, cert_info, new_key, public_area, rsa_key, sized, tpm_signature

READERS: tuple[Callable[[bytes], object], ...] = (read_certified, read_public, read_signature)


@pytest.mark.parametrize("key", [new_key(), rsa_key()])
def test_what_a_tpm_makes(key: Key) -> None:
    """Keys with their names, what is said of them, and the signature."""
    area = public_area(key)
    public = read_public(area)
    assert (public.key, public.attributes) == (key.public_key(), 0x60072)
    assert public.name == b"\x00\x0b" + sha256(area).digest()
    certified = read_certified(cert_info(b"extra", area))
    assert (certified.extra_data, certified.name) == (b"extra", public.name)
    assert isinstance(read_signature(tpm_signature(key, b"data")).hash, hashes.SHA256)
    assert read_signature(bytes.fromhex("0016000b") + sized(b"s")).pss


def test_keys_of_other_makings() -> None:
    """With a symmetric algorithm, without a scheme, with a scheme that counts, with a key derivation."""
    area = public_area(new_key())
    symmetric = area[:10] + bytes.fromhex("000600800043" + "0010" + "0003" + "0020000b") + area[20:]
    counting = area[:10] + bytes.fromhex("0010" + "001a000b0001" + "00030010") + area[20:]
    for one in (symmetric, counting):
        assert read_public(one).key == new_key().public_key()


@given(st.sampled_from(READERS), st.binary(max_size=150))
def test_garbage_is_refused(reader: Callable[[bytes], object], data: bytes) -> None:
    """Or read, but nothing else."""
    with contextlib.suppress(AcmeRefusal):
        assert reader(data)


@given(st.data())
def test_every_octet_is_looked_at(data: st.DataObject) -> None:
    """Shorter or longer than it says is refused."""
    area = public_area(new_key())
    for reader, good in zip(READERS, (cert_info(b"", area), area, tpm_signature(new_key(), b"")), strict=True):
        cut = data.draw(st.integers(0, len(good) - 1))
        for odd in (good[:cut], good + b"\x00"):
            with pytest.raises(AcmeRefusal):
                reader(odd)


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        (read_certified, "ff5443478018"),  # a quote
        (read_certified, "005443478017"),  # not made by the TPM
        (read_public, "00230004"),  # a name by SHA-1
        (read_public, "0008000b" + "00060072" + "0000" + "0010" + "0010" + "0003" + "0010" + "0000" + "0000"),
        (read_public, "0023000b" + "00060072" + "0000" + "0010" + "0010" + "0099" + "0010" + "0000" + "0000"),
        (read_public, "0023000b" + "00060072" + "0000" + "0010" + "0010" + "0003" + "0010" + "000101" + "000101"),
        (read_public, "0001000b" + "00060072" + "0000" + "0010" + "0010" + "0800" + "00000000" + "0000"),
        (read_signature, "00140004" + "000101"),  # by SHA-1
        (read_signature, "0005000b" + "0000"),  # an HMAC
    ],
)
def test_what_is_not_supported(reader: Callable[[bytes], object], text: str) -> None:
    """Other kinds of keys, curves, points and hashes."""
    with pytest.raises(AcmeRefusal):
        reader(bytes.fromhex(text))
