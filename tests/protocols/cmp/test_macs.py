"""Protection by a shared secret."""

import hashlib
import hmac

import pytest

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp_status import FailInfo
from emca_daemon.asn1.values import Algorithm, algorithm
from emca_daemon.errors import Refused
from emca_daemon.protocols.cmp.errors import failure_of
from emca_daemon.protocols.cmp.macs import compute, is_mac, renewed, rounds, verify
from tests.support import cmp_messages as build

DATA, SECRET, MOST = b"what is protected", b"insta", 100_000
KMAC256 = der.sequence(der.oid("2.16.840.1.101.3.4.2.20"))
GMAC256 = der.sequence(der.oid("2.16.840.1.101.3.4.1.49"), der.sequence(der.octet_string(b"twelve octet")))
GMAC128 = der.sequence(der.oid("2.16.840.1.101.3.4.1.9"), der.sequence(der.octet_string(b"twelve octet")))
HMAC_SHA512 = der.sequence(der.oid("1.2.840.113549.2.11"))


def plain(oid: str) -> Algorithm:
    """HMAC with the secret itself."""
    return Algorithm(oid)


GOOD = [
    algorithm(build.password_based()),
    algorithm(build.password_based(1000, mac=build.HMAC_SHA256)),
    algorithm(build.password_based(100, mac=HMAC_SHA512)),
    algorithm(build.pbmac1()),
    algorithm(build.pbmac1(length=None)),
    algorithm(build.pbmac1(prf=b"")),
    algorithm(build.pbmac1(10_000, 4096)),
    algorithm(build.password_based(mac=KMAC256)),
    algorithm(build.password_based(mac=GMAC256)),
    algorithm(build.pbmac1(mac=KMAC256)),
    algorithm(build.pbmac1(length=None, mac=GMAC128)),
    plain("1.2.840.113549.2.9"),
    plain("2.16.840.1.101.3.4.2.16"),
]


@pytest.mark.parametrize("protection", GOOD)
def test_each_kind_is_verified(protection: Algorithm) -> None:
    """The right secret over the right octets, and nothing else; the answer's salt is another one."""
    assert is_mac(protection.oid)
    mac = compute(protection, SECRET, DATA, MOST)
    assert verify(protection, SECRET, DATA, mac, MOST)
    assert not verify(protection, b"wrong", DATA, mac, MOST)
    assert not verify(protection, SECRET, DATA + b"!", mac, MOST)
    fresh = renewed(protection, MOST, bytes)
    assert fresh.oid == protection.oid
    assert (fresh == protection) == (protection.parameters is None)
    assert compute(fresh, SECRET, DATA, MOST) == mac or fresh != protection


@pytest.mark.parametrize(
    ("protection", "expected"),
    [
        (build.password_based(700), 700),
        (build.pbmac1(10_000, 4096), 1_280_000),
        (build.pbmac1(length=None), 1000),
        (build.password_based(MOST + 1), 0),
        (HMAC_SHA512, 0),
        (der.sequence(der.oid("1.2.3")), 0),
    ],
)
def test_how_often_something_is_hashed_is_known_before(protection: bytes, expected: int) -> None:
    """PBKDF2 begins anew for each block; what is refused costs nothing."""
    assert rounds(algorithm(protection), MOST) == expected


@pytest.mark.parametrize(("mac", "octets"), [(KMAC256, 32), (GMAC256, 32), (GMAC128, 16)])
def test_a_secret_may_be_the_key_itself(mac: bytes, octets: int) -> None:
    """Where it is as long as the MAC wants it; a secret of another length is just wrong, and an empty MAC as well."""
    protection, secret = algorithm(mac), bytes(range(octets))
    computed = compute(protection, secret, DATA, MOST)
    assert verify(protection, secret, DATA, computed, MOST)
    for wrong in (secret[:-1], b"", bytes(octets)):
        assert not verify(protection, wrong, DATA, computed, MOST)
        assert not verify(protection, wrong, DATA, b"", MOST)
    assert not verify(protection, b"short", DATA, compute(protection, bytes(octets), DATA, MOST), MOST)
    fresh = renewed(protection, MOST, bytes)
    assert compute(fresh, secret, DATA, MOST) == computed or fresh != protection
    with pytest.raises(Refused) as refusal:
        compute(protection, b"short", DATA, MOST)
    assert failure_of(refusal.value) is FailInfo.BAD_ALG


def test_long_keys_of_password_based_mac_are_what_the_standard_says() -> None:
    """SHA-1 has 20 octets, the key 32: the rest is of the hash of "1" and the first (RFC 9810 5.1.3.1)."""
    sha1 = der.sequence(der.oid("1.3.14.3.2.26"))
    parameters = der.sequence(der.octet_string(b"salt"), sha1, der.integer(100), GMAC256)
    base = SECRET + b"salt"
    for _ in range(100):
        base = hashlib.sha1(base).digest()
    expected = compute(algorithm(GMAC256), (base + hashlib.sha1(b"1" + base).digest())[:32], DATA, MOST)
    assert compute(Algorithm("1.2.840.113533.7.66.13", parameters), SECRET, DATA, MOST) == expected


def test_dh_based_mac_is_what_the_standard_says() -> None:
    """The hash of what was agreed on, made longer as a password's (RFC 9810 5.1.3.2); it protects no message."""
    sha1 = der.sequence(der.oid("1.3.14.3.2.26"))
    base = hashlib.sha1(SECRET).digest()
    dh_based = Algorithm("1.2.840.113533.7.66.30", der.sequence(sha1, build.HMAC_SHA256))
    assert compute(dh_based, SECRET, DATA, MOST) == hmac.digest(base, DATA, "sha256")
    longer = Algorithm(dh_based.oid, der.sequence(sha1, GMAC256))
    expected = compute(algorithm(GMAC256), (base + hashlib.sha1(b"1" + base).digest())[:32], DATA, MOST)
    assert compute(longer, SECRET, DATA, MOST) == expected
    assert not is_mac(dh_based.oid)
    assert renewed(dh_based, MOST, bytes) == dh_based


def test_password_based_mac_is_what_the_standard_says() -> None:
    """The hash over secret and salt again and again, then HMAC (RFC 4210 5.1.3.1)."""
    expected = hmac.digest(build.mac_key(SECRET), DATA, "sha1")
    assert compute(algorithm(build.password_based()), SECRET, DATA, MOST) == expected


def test_pbmac1_is_what_the_standard_says() -> None:
    """PBKDF2, then HMAC (RFC 8018 7.1)."""
    key = hashlib.pbkdf2_hmac("sha256", SECRET, b"0123456789abcdef", 1000, 32)
    assert compute(algorithm(build.pbmac1()), SECRET, DATA, MOST) == hmac.digest(key, DATA, "sha256")
    # Bouncy Castle 1.72 calls the derivation id-PBES2; it is answered by its right name.
    misnamed = algorithm(build.pbmac1(kdf="1.2.840.113549.1.5.13"))
    assert compute(misnamed, SECRET, DATA, MOST) == hmac.digest(key, DATA, "sha256")
    assert renewed(misnamed, MOST, bytes) == renewed(algorithm(build.pbmac1()), MOST, bytes)


@pytest.mark.parametrize(
    "protection",
    [
        algorithm(build.password_based(99)),
        algorithm(build.password_based(MOST + 1)),
        algorithm(build.password_based(salt=b"")),
        algorithm(build.password_based(salt=bytes(1025))),
        algorithm(build.password_based(mac=der.sequence(der.oid("1.2.3")))),
        algorithm(build.password_based(mac=der.sequence(der.oid("1.2.840.113549.2.9"), der.integer(1)))),
        Algorithm(
            "1.2.840.113533.7.66.13",
            der.sequence(der.octet_string(b"salt"), der.sequence(der.oid("1.2")), der.integer(500), build.HMAC_SHA1),
        ),
        algorithm(build.pbmac1(MOST + 1)),
        algorithm(build.pbmac1(length=-1)),
        algorithm(build.pbmac1(length=100_000)),
        algorithm(build.pbmac1(MOST, 4096)),
        algorithm(build.pbmac1(kdf="1.2.3")),
        algorithm(build.pbmac1(length=31, mac=KMAC256)),
        algorithm(build.pbmac1(length=32, mac=GMAC128)),
        Algorithm(
            "1.2.840.113533.7.66.13",
            der.sequence(der.octet_string(b"salt"), der.sequence(der.oid("1.3.14.3.2.26")), der.integer(500), KMAC256),
        ),
    ],
)
def test_what_is_unknown_or_too_dear_is_refused_before_it_is_computed(protection: Algorithm) -> None:
    """BadAlg."""
    with pytest.raises(Refused) as refusal:
        compute(protection, SECRET, DATA, MOST)
    assert failure_of(refusal.value) is FailInfo.BAD_ALG


@pytest.mark.parametrize("oid", ["1.2.840.113533.7.66.13", "1.2.840.113549.1.5.14"])
def test_broken_parameters_are_malformed(oid: str) -> None:
    """BadDataFormat."""
    with pytest.raises(Refused) as refusal:
        compute(Algorithm(oid), SECRET, DATA, MOST)
    assert failure_of(refusal.value) is FailInfo.BAD_DATA_FORMAT
    assert not is_mac("1.2.3")
