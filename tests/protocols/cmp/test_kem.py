"""Keys encapsulated to certificates, and MACs by them."""

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, mlkem
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pyasn1.codec.der.decoder import decode
from pyasn1_alt_modules import rfc9810

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp_status import FailInfo
from emca_daemon.asn1.values import Algorithm, algorithm
from emca_daemon.errors import Refused
from emca_daemon.protocols.cmp.errors import failure_of
from emca_daemon.protocols.cmp.kem import compute, encapsulated, verify
from tests.support.cmp_kem import KEM, device, other_info, parameters, vendor

SECRET, ID, DATA = bytes(range(32)), b"0123456789abcdef", b"what is protected"
KDF3 = "1.3.133.16.840.9.44.1.2"
KMAC128 = der.sequence(der.oid("2.16.840.1.101.3.4.2.19"))


@pytest.mark.parametrize("context", [None, b"", b"context"])
@pytest.mark.parametrize(
    ("kdf", "hash_"),
    [("28", hashes.SHA256()), ("29", hashes.SHA384()), ("30", hashes.SHA512())],
)
def test_what_the_standard_says(context: bytes | None, kdf: str, hash_: hashes.HashAlgorithm) -> None:
    """HKDF without a salt over KemOtherInfo, then the MAC (RFC 9810 5.1.3.4)."""
    derivation = der.sequence(der.oid(f"1.2.840.113549.1.9.16.3.{kdf}"))
    protection = algorithm(parameters(48, kdf=derivation, context=context))
    key = HKDF(hash_, 48, None, other_info(ID, context)).derive(SECRET)
    mac = compute(protection, SECRET, ID, DATA)
    assert mac == hmac.digest(key, DATA, "sha256")
    assert verify(protection, SECRET, ID, DATA, mac)
    for secret, identifier, data in ((bytes(32), ID, DATA), (SECRET, b"else", DATA), (SECRET, ID, b"else")):
        assert not verify(protection, secret, identifier, data, mac)


def test_kdf3_is_what_the_standard_says() -> None:
    """The hash of a number that counts from 1, the secret and KemOtherInfo, again and again (ANS X9.44)."""
    info, sha256 = other_info(ID), der.sequence(der.oid("2.16.840.1.101.3.4.2.1"))
    blocks = [hashlib.sha256(number.to_bytes(4, "big") + SECRET + info).digest() for number in (1, 2)]
    protection = algorithm(parameters(48, kdf=der.sequence(der.oid(KDF3), sha256)))
    assert compute(protection, SECRET, ID, DATA) == hmac.digest(b"".join(blocks)[:48], DATA, "sha256")


def test_other_macs() -> None:
    """KMAC by a key of any length that it takes."""
    assert len(compute(algorithm(parameters(16, mac=KMAC128)), SECRET, ID, DATA)) == 32


@pytest.mark.parametrize(
    "protection",
    [
        algorithm(parameters(kdf=der.sequence(der.oid("1.2.3")))),
        algorithm(parameters(kdf=der.sequence(der.oid("1.2.840.113549.1.9.16.3.28"), der.integer(1)))),
        algorithm(parameters(kdf=der.sequence(der.oid(KDF3), der.sequence(der.oid("1.3.14.3.2.26"))))),
        algorithm(parameters(mac=der.sequence(der.oid("1.2.3")))),
        algorithm(parameters(0)),
        algorithm(parameters(-1)),
        algorithm(parameters(255 * 32 + 1)),
        algorithm(parameters(15, mac=KMAC128)),
    ],
)
def test_what_is_unknown_or_too_long(protection: Algorithm) -> None:
    """BadAlg, before anything is computed."""
    with pytest.raises(Refused) as refusal:
        compute(protection, SECRET, ID, DATA)
    assert failure_of(refusal.value) is FailInfo.BAD_ALG


@pytest.mark.parametrize("broken", [None, der.NULL, der.sequence()])
def test_broken_parameters(broken: bytes | None) -> None:
    """BadDataFormat."""
    with pytest.raises(Refused) as refusal:
        compute(Algorithm(KEM, broken), SECRET, ID, DATA)
    assert failure_of(refusal.value) is FailInfo.BAD_DATA_FORMAT


@pytest.mark.parametrize(
    ("kind", "number"), [(mlkem.MLKEM768PrivateKey, 2), (mlkem.MLKEM1024PrivateKey, 3)], ids=["768", "1024"]
)
def test_encapsulated(kind: type[mlkem.MLKEM768PrivateKey] | type[mlkem.MLKEM1024PrivateKey], number: int) -> None:
    """The holder of the key finds the same secret, another one each time."""
    key = kind.generate()
    certificate = device(key)
    secret, information = encapsulated(certificate)
    read = decode(information, asn1Spec=rfc9810.KemCiphertextInfo())[0]
    assert str(read["kem"]["algorithm"]) == f"2.16.840.1.101.3.4.4.{number}"
    assert key.decapsulate(bytes(read["ct"])) == secret
    assert encapsulated(certificate)[0] != secret


def test_certificates_for_something_else() -> None:
    """SignerNotTrusted by the key usage, badRequest by the key."""
    signing = device(mlkem.MLKEM768PrivateKey.generate(), "digital_signature")
    other = device(ec.generate_private_key(ec.SECP256R1()))
    for certificate, info in (
        (signing, FailInfo.SIGNER_NOT_TRUSTED),
        (vendor(), FailInfo.SIGNER_NOT_TRUSTED),
        (other, FailInfo.BAD_REQUEST),
    ):
        with pytest.raises(Refused) as refusal:
            encapsulated(certificate)
        assert failure_of(refusal.value) is info
