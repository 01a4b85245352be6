"""Tests of keys in tokens behind cryptography's interfaces; software keys stand for the token's."""

import copy
import pickle
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, padding, rsa, utils
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from pkcs11 import MGF, Mechanism

from emca_daemon.errors import Reason, Refused
from emca_daemon.signers.pkcs11_keys import token_key

RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
DATA = b"data to be signed"
Asked = list[tuple[bytes, Mechanism, object]]


def recording(asked: Asked, answer: Callable[[bytes], bytes] = lambda _data: b"") -> Callable[..., bytes]:
    """Stands for the token: notes what it is asked to sign."""

    def sign_raw(data: bytes, mechanism: Mechanism, parameter: object) -> bytes:
        asked.append((data, mechanism, parameter))
        return answer(data)

    return sign_raw


def opening(ciphertext: bytes, _scheme: padding.AsymmetricPadding) -> bytes | None:
    """Stands for a token that decrypts one message."""
    return b"message" if ciphertext == b"good" else None


def rsa_key(asked: Asked) -> rsa.RSAPrivateKey:
    """An RSA key in such a token."""
    key = token_key(RSA.public_key(), recording(asked), opening)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def ec_key(asked: Asked) -> ec.EllipticCurvePrivateKey:
    """An ECDSA key in such a token; it signs as CKM_ECDSA does."""

    def answer(digest: bytes) -> bytes:
        signature = EC.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
        return b"".join(number.to_bytes(32) for number in utils.decode_dss_signature(signature))

    key = token_key(EC.public_key(), recording(asked, answer), opening)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def digest(algorithm: hashes.HashAlgorithm) -> bytes:
    """The digest of the data."""
    return hashes.Hash.hash(algorithm, DATA)


def test_ecdsa_signs_the_digest() -> None:
    """The token gets the digest alone, the caller DER; a digest made outside is taken too."""
    asked: Asked = []
    key = ec_key(asked)
    EC.public_key().verify(key.sign(DATA, ec.ECDSA(hashes.SHA256())), DATA, ec.ECDSA(hashes.SHA256()))
    prehashed = ec.ECDSA(utils.Prehashed(hashes.SHA256()))
    EC.public_key().verify(key.sign(digest(hashes.SHA256()), prehashed), DATA, ec.ECDSA(hashes.SHA256()))
    assert asked == [(digest(hashes.SHA256()), Mechanism.ECDSA, None)] * 2
    assert (key.curve.name, key.key_size) == ("secp256r1", 256)
    with pytest.raises(ValueError, match="digest"):
        key.sign(b"short", prehashed)


def test_ecdsa_takes_other_hashes() -> None:
    """Those that hashlib names otherwise too."""
    asked: Asked = []
    ec_key(asked).sign(DATA, ec.ECDSA(hashes.SHA3_256()))
    assert asked == [(digest(hashes.SHA3_256()), Mechanism.ECDSA, None)]


@pytest.mark.parametrize("algorithm", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512(), hashes.SHA1()])
def test_rsa_pads_a_digest_info(algorithm: hashes.HashAlgorithm) -> None:
    """What a software key's signature holds when its padding is taken off."""
    asked: Asked = []
    rsa_key(asked).sign(DATA, padding.PKCS1v15(), algorithm)
    signature = RSA.sign(DATA, padding.PKCS1v15(), algorithm)
    numbers = RSA.public_key().public_numbers()
    opened = pow(int.from_bytes(signature), numbers.e, numbers.n).to_bytes(256)
    assert asked == [(opened[opened.index(0, 2) + 1 :], Mechanism.RSA_PKCS, None)]


@pytest.mark.parametrize(
    ("salt", "octets"),
    [(32, 32), (0, 0), (padding.PSS.DIGEST_LENGTH, 32), (padding.PSS.MAX_LENGTH, 222), (padding.PSS.AUTO, 222)],
)
def test_rsa_pss_says_its_parameters(salt: int, octets: int) -> None:
    """Hash, mask and salt length in octets."""
    asked: Asked = []
    rsa_key(asked).sign(DATA, padding.PSS(padding.MGF1(hashes.SHA384()), salt), hashes.SHA256())
    parameter = (Mechanism.SHA256, MGF.SHA384, octets)
    assert asked == [(digest(hashes.SHA256()), Mechanism.RSA_PKCS_PSS, parameter)]


@pytest.mark.parametrize(
    ("pad", "algorithm"),
    [
        (padding.PKCS1v15(), hashes.SHA3_256()),
        (padding.PKCS1v15(), hashes.MD5()),
        (padding.PKCS1v15(), utils.NoDigestInfo()),
        (padding.PSS(padding.MGF1(hashes.SHA3_256()), 32), hashes.SHA256()),
        (padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None), hashes.SHA256()),
    ],
)
def test_rsa_does_nothing_else(
    pad: padding.AsymmetricPadding, algorithm: hashes.HashAlgorithm | utils.NoDigestInfo
) -> None:
    """Odd hashes, masks and paddings are not supported, and the token is not asked."""
    asked: Asked = []
    with pytest.raises(UnsupportedAlgorithm):
        rsa_key(asked).sign(DATA, pad, algorithm)
    assert asked == []


@pytest.mark.parametrize("made", [ed25519.Ed25519PrivateKey.generate(), ed448.Ed448PrivateKey.generate()])
def test_edwards_keys_sign_the_data(made: ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey) -> None:
    """Whole, as RFC 8032 wants."""
    asked: Asked = []
    key = token_key(made.public_key(), recording(asked, made.sign), opening)
    assert isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
    made.public_key().verify(key.sign(bytearray(DATA)), DATA)
    assert asked == [(DATA, Mechanism.EDDSA, None)]


def test_ml_dsa_is_refused() -> None:
    """No token here signs with it."""
    with pytest.raises(Refused) as refusal:
        token_key(mldsa.MLDSA44PrivateKey.generate().public_key(), recording([]), opening)
    assert refusal.value.reason is Reason.ALGORITHM_REFUSED


def every_kind() -> list[CertificateIssuerPrivateKeyTypes]:
    """One key of each kind."""
    edwards = (ed25519.Ed25519PrivateKey.generate(), ed448.Ed448PrivateKey.generate())
    return [token_key(key.public_key(), recording([]), opening) for key in (RSA, EC, *edwards)]


@pytest.mark.parametrize("key", every_kind())
def test_keys_stay_in_the_token(key: CertificateIssuerPrivateKeyTypes) -> None:
    """No way out, and a copy is the key itself."""
    plain = (serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    ways: list[Callable[[], object]] = [
        lambda: key.private_bytes(*plain),
        key.private_bytes_raw,  # type: ignore[union-attr]  # the kinds of cryptography have one or the other
        key.private_numbers,  # type: ignore[union-attr]
        lambda: pickle.dumps(key),
    ]
    for way in ways:
        with pytest.raises(Refused) as refusal:
            way()
        assert refusal.value.reason is Reason.NOT_PERMITTED
    assert copy.copy(key) is key
    assert copy.deepcopy(key) is key


def test_rsa_keys_decrypt() -> None:
    """With one error for all that does not open."""
    assert rsa_key([]).decrypt(b"good", padding.PKCS1v15()) == b"message"
    with pytest.raises(ValueError, match="does not open"):
        rsa_key([]).decrypt(b"", padding.PKCS1v15())


def test_keys_in_tokens_agree_on_nothing() -> None:
    """Key agreement is not offered."""
    with pytest.raises(UnsupportedAlgorithm):
        ec_key([]).exchange(ec.ECDH(), EC.public_key())
    assert rsa_key([]).key_size == 2048


def test_cryptography_builds_with_them() -> None:
    """A request signed by the token verifies."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Token")])
    assert x509.CertificateSigningRequestBuilder(name).sign(ec_key([]), hashes.SHA256()).is_signature_valid
