"""Tests of emca_daemon.asn1.cms_content."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.asn1 import cms_content, der
from emca_daemon.asn1.cms_algorithms import CIPHERS
from emca_daemon.errors import Reason, Refused
from tests.support.cms_world import counted


@given(st.sampled_from(sorted(CIPHERS)), st.binary(max_size=100))
def test_content_comes_back(name: str, content: bytes) -> None:
    """From every cipher."""
    cipher = CIPHERS[name]
    key, vector = counted(cipher.key_size), counted(cipher.vector_size)
    ciphertext, mac = cms_content.encrypt(cipher, key, vector, content)
    parameters = cms_content.write_parameters(cipher, vector)
    assert cms_content.decrypt(cipher, parameters, key, ciphertext, b"", mac) == content


def reason_of(name: str, parameters: bytes, ciphertext: bytes, mac: bytes = b"") -> Reason:
    """Why that cannot be decrypted."""
    with pytest.raises(Refused) as caught:
        cms_content.decrypt(CIPHERS[name], parameters, counted(CIPHERS[name].key_size), ciphertext, b"", mac)
    return caught.value.reason


def test_bad_padding_and_a_bad_tag_are_one_refusal() -> None:
    """What an attacker could learn from is always the same."""
    gcm = cms_content.write_parameters(CIPHERS["aes-128-gcm"], bytes(12))
    assert reason_of("aes-128-cbc", der.octet_string(bytes(16)), bytes(16)) is Reason.BAD_INTEGRITY
    assert reason_of("aes-128-gcm", gcm, b"abc", bytes(16)) is Reason.BAD_INTEGRITY


def test_parameters_must_fit_the_cipher() -> None:
    """Vector, whole blocks, nonce, full tag."""
    assert reason_of("aes-128-cbc", der.octet_string(bytes(8)), bytes(16)) is Reason.MALFORMED
    assert reason_of("aes-128-cbc", der.NULL, bytes(16)) is Reason.MALFORMED
    assert reason_of("aes-128-cbc", der.octet_string(bytes(16)), bytes(15)) is Reason.MALFORMED
    assert reason_of("aes-128-cbc", der.octet_string(bytes(16)), b"") is Reason.MALFORMED
    nonce = der.octet_string(bytes(12))
    assert reason_of("aes-128-gcm", der.sequence(nonce), b"abc", bytes(12)) is Reason.MALFORMED
    assert reason_of("aes-128-gcm", der.sequence(der.octet_string(b"")), b"abc", bytes(16)) is Reason.MALFORMED
    assert reason_of("aes-128-gcm", der.sequence(), b"abc", bytes(16)) is Reason.MALFORMED


def test_attributes_are_authenticated_in_their_set() -> None:
    """As DER of the SET OF, not as they are tagged in the envelope."""
    cipher, attribute = CIPHERS["aes-256-gcm"], der.sequence(der.oid("1.2.3"), der.tlv(0x31, der.NULL))
    key, vector = counted(32), counted(12)
    ciphertext, mac = cms_content.encrypt(cipher, key, vector, b"x", der.tlv(0x31, attribute))
    parameters = cms_content.write_parameters(cipher, vector)
    assert cms_content.decrypt(cipher, parameters, key, ciphertext, attribute, mac) == b"x"
    with pytest.raises(Refused):
        cms_content.decrypt(cipher, parameters, key, ciphertext, b"", mac)


def test_single_des_is_triple_des_with_one_key() -> None:
    """A known answer: DES of zeros under 0101010101010101 is 8ca64de9c1b123a7."""
    encryptor = cms_content.block_cipher(CIPHERS["des-cbc"], b"\x01" * 8, bytes(8)).encryptor()
    assert (encryptor.update(bytes(8)) + encryptor.finalize()).hex() == "8ca64de9c1b123a7"
