"""Tests of emca_daemon.asn1.cms_algorithms."""

import hashlib

import pytest

from emca_daemon.asn1 import cms_algorithms
from emca_daemon.errors import Reason, Refused


@pytest.mark.parametrize("name", cms_algorithms.DIGEST_OIDS)
def test_digests_are_those_of_hashlib(name: str) -> None:
    """By the same names, over all the parts."""
    assert cms_algorithms.digest(name, b"one", b"two") == hashlib.new(name, b"onetwo").digest()
    assert cms_algorithms.digest_name(cms_algorithms.DIGEST_OIDS[name]) == name
    assert cms_algorithms.hash_of(name).name == name


def test_ciphers_are_found_by_object_identifier() -> None:
    """Each by its own."""
    for cipher in cms_algorithms.CIPHERS.values():
        assert cms_algorithms.cipher_by_oid(cipher.oid) is cipher


def test_what_is_not_known_is_refused() -> None:
    """RC2 as a cipher, SHAKE as a digest."""
    for look_up in (cms_algorithms.cipher_by_oid, cms_algorithms.digest_name):
        with pytest.raises(Refused) as caught:
            look_up("1.2.840.113549.3.2")
        assert caught.value.reason is Reason.ALGORITHM_REFUSED


def test_what_is_modern_is_neither_des_nor_sha1() -> None:
    """The defaults hold nothing that is broken."""
    assert cms_algorithms.MODERN_CIPHERS.isdisjoint({"des-cbc", "des-ede3-cbc"})
    assert cms_algorithms.MODERN_DIGESTS.isdisjoint({"md5", "sha1"})
