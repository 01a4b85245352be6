"""MACs by a key, against the vectors of their standards."""

import pytest

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp_status import FailInfo
from emca_daemon.asn1.values import Algorithm, algorithm
from emca_daemon.errors import Refused
from emca_daemon.protocols.cmp.errors import failure_of
from emca_daemon.protocols.cmp.mac_schemes import is_scheme, scheme

KMAC128, KMAC256 = "2.16.840.1.101.3.4.2.19", "2.16.840.1.101.3.4.2.20"
AES128, AES192, AES256 = "2.16.840.1.101.3.4.1.9", "2.16.840.1.101.3.4.1.29", "2.16.840.1.101.3.4.1.49"
KEY = bytes(range(0x40, 0x60))


def kmac(oid: str, custom: str = "", bits: int | None = None) -> Algorithm:
    """KMAC with parameters, or without where none are given."""
    parts = (b"" if bits is None else der.integer(bits), der.octet_string(custom.encode()) if custom else b"")
    return Algorithm(oid, der.sequence(*parts) if any(parts) else None)


def gmac(oid: str, nonce: bytes, length: int | None = None) -> Algorithm:
    """AES-GMAC."""
    return Algorithm(oid, der.sequence(der.octet_string(nonce), b"" if length is None else der.integer(length)))


@pytest.mark.parametrize(
    ("mac", "octets", "expected"),
    [
        (
            kmac(KMAC128),
            4,
            "e5780b0d3ea6f7d3a429c5706aa43a00fadbd7d49628839e3187243f456ee14e",
        ),
        (
            kmac(KMAC128, "My Tagged Application"),
            4,
            "3b1fba963cd8b0b59e8c1a6d71888b7143651af8ba0a7070c0979e2811324aa5",
        ),
        (
            kmac(KMAC256, "My Tagged Application"),
            4,
            (
                "20c570c31346f703c9ac36c61c03cb64c3970d0cfc787e9b79599d273a68d2f7"
                "f69d4cc3de9d104a351689f27cf6f5951f0103f33f4f24871024d9c27773a8dd"
            ),
        ),
        (
            kmac(KMAC256),
            200,
            (
                "75358cf39e41494e949707927cee0af20a3ff553904c86b08f21cc414bcfd691"
                "589d27cf5e15369cbbff8b9a4c2eb17800855d0235ff635da82533ec6b759b69"
            ),
        ),
    ],
)
def test_kmac(mac: Algorithm, octets: int, expected: str) -> None:
    """The samples of SP 800-185."""
    assert is_scheme(mac.oid)
    assert scheme(mac).compute(KEY, bytes(range(octets))).hex() == expected
    assert scheme(mac).renewed(bytes) == mac


def test_kmac_of_another_length() -> None:
    """As many bits as are asked for: another MAC, not the first bits of the longer one."""
    short, whole = (scheme(kmac(KMAC128, bits=bits)).compute(KEY, b"") for bits in (128, 256))
    assert (len(short), len(whole)) == (16, 32)
    assert short != whole[:16]
    assert scheme(Algorithm(KMAC128, der.NULL)).compute(KEY, b"") == whole


def test_gmac() -> None:
    """The first of NIST's vectors for GCM without a plaintext (128-bit key, 96-bit nonce, 128 bits of data)."""
    key, nonce = bytes.fromhex("77be63708971c4e240d1cb79e8d77feb"), bytes.fromhex("e0e00f19fed7ba0136a797f3")
    data, tag = bytes.fromhex("7a43ec1d9c0a5a78a0b16533a6213cab"), "209fcc8d3675ed938e9c7166709dd946"
    assert scheme(gmac(AES128, nonce, 16)).compute(key, data).hex() == tag
    assert scheme(gmac(AES128, nonce)).compute(key, data).hex() == tag[:24]


@pytest.mark.parametrize(("oid", "octets"), [(AES128, 16), (AES192, 24), (AES256, 32)])
@pytest.mark.parametrize("length", [None, 16])
def test_a_nonce_is_never_used_twice(oid: str, octets: int, length: int | None) -> None:
    """The answer's MAC is by the same key, of the same length, with a nonce of its own."""
    mac = gmac(oid, b"twelve octet", length)
    fresh = scheme(mac).renewed(lambda size: b"n" * size)
    assert fresh == gmac(oid, b"n" * 12, length)
    assert scheme(mac).takes(bytes(octets))
    assert scheme(mac).fixed == octets
    assert not scheme(mac).takes(bytes(octets - 1))
    assert not scheme(mac).takes(bytes(octets + 1))
    assert len(scheme(fresh).compute(bytes(octets), b"data")) == (length or 12)


def test_keys_are_as_long_as_they_have_to_be() -> None:
    """HMAC takes any, KMAC none that is weaker than itself."""
    anything = scheme(Algorithm("1.2.840.113549.2.9"))
    assert anything.takes(b"")
    assert (anything.usual, anything.fixed) == (32, None)
    for oid, least in ((KMAC128, 16), (KMAC256, 32)):
        assert scheme(kmac(oid)).takes(bytes(least))
        assert scheme(kmac(oid)).takes(bytes(1000))
        assert not scheme(kmac(oid)).takes(bytes(least - 1))
        assert scheme(kmac(oid)).fixed is None


@pytest.mark.parametrize(
    "mac",
    [
        Algorithm("1.2.3"),
        Algorithm("1.2.840.113549.2.9", der.integer(1)),
        kmac(KMAC128, bits=120),
        kmac(KMAC128, bits=130),
        kmac(KMAC256, bits=520),
        kmac(KMAC256, bits=-8),
        kmac(KMAC256, "x" * 1025),
        gmac(AES128, bytes(11)),
        gmac(AES128, bytes(65)),
        gmac(AES128, bytes(12), 11),
        gmac(AES128, bytes(12), 17),
    ],
)
def test_what_is_unknown_or_out_of_bounds(mac: Algorithm) -> None:
    """BadAlg."""
    with pytest.raises(Refused) as refusal:
        scheme(mac)
    assert failure_of(refusal.value) is FailInfo.BAD_ALG


@pytest.mark.parametrize("mac", [Algorithm(AES128), Algorithm(AES128, der.NULL), Algorithm(KMAC128, der.integer(1))])
def test_broken_parameters_are_malformed(mac: Algorithm) -> None:
    """BadDataFormat."""
    with pytest.raises(Refused) as refusal:
        scheme(mac)
    assert failure_of(refusal.value) is FailInfo.BAD_DATA_FORMAT


def test_defaults_that_are_written_are_not_der() -> None:
    """12 octets is what a GMAC has unless it says otherwise: BadDataFormat where it says so."""
    with pytest.raises(Refused) as refusal:
        scheme(gmac(AES128, bytes(12), 12))
    assert failure_of(refusal.value) is FailInfo.BAD_DATA_FORMAT
    assert scheme(algorithm(gmac(AES128, bytes(12)).encoded())).usual == 16
