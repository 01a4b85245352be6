"""The signature algorithms."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from josepy.errors import DeserializationError
from josepy.jwk import JWK, JWKEC, JWKRSA

from emca_daemon.protocols.acme.algorithms import ALGORITHMS, JWKOKP
from tests.support.acme_client import sign

RSA_KEY = rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize("name", ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])
def test_rsa_signatures_verify(name: str) -> None:
    """PKCS #1 v1.5 and PSS, with the salt length that RFC 7518 3.5 wants."""
    algorithm, jwk = ALGORITHMS[name], JWKRSA(key=RSA_KEY.public_key())
    assert algorithm.fits(jwk)
    assert algorithm.signature.verify(jwk.key, b"text", sign(RSA_KEY, b"text", name))
    assert not algorithm.signature.verify(jwk.key, b"other", sign(RSA_KEY, b"text", name))


@pytest.mark.parametrize("name", ["PS256", "EdDSA"])
def test_our_own_algorithms_sign_too(name: str) -> None:
    """They are whole josepy algorithms."""
    private = RSA_KEY if name == "PS256" else ed25519.Ed25519PrivateKey.generate()
    signature = ALGORITHMS[name].signature.sign(private, b"text")
    assert ALGORITHMS[name].signature.verify(private.public_key(), b"text", signature)


@pytest.mark.parametrize(
    ("name", "curve"), [("ES256", ec.SECP256R1()), ("ES384", ec.SECP384R1()), ("ES512", ec.SECP521R1())]
)
def test_each_ec_algorithm_has_its_curve(name: str, curve: ec.EllipticCurve) -> None:
    """A key on another curve does not fit (RFC 7518 3.4)."""
    private = ec.generate_private_key(curve)
    jwk = JWKEC(key=private.public_key())
    assert [one for one, algorithm in ALGORITHMS.items() if algorithm.fits(jwk)] == [name]
    assert ALGORITHMS[name].signature.verify(jwk.key, b"text", sign(private, b"text", name))


def test_edwards_keys_are_read_and_written() -> None:
    """RFC 8037 2, appendix A.2."""
    x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    jwk = JWK.from_json({"kty": "OKP", "crv": "Ed25519", "x": x})
    assert isinstance(jwk, JWKOKP)
    assert jwk.to_json() == {"kty": "OKP", "crv": "Ed25519", "x": x}
    assert jwk.public_key() is jwk
    assert ALGORITHMS["EdDSA"].fits(jwk)
    other = JWKOKP(key=ed448.Ed448PrivateKey.generate().public_key())
    assert other.curve == "Ed448"


def test_edwards_signatures_are_judged() -> None:
    """A wrong one and one of the wrong length are just wrong."""
    private = ed25519.Ed25519PrivateKey.generate()
    verify = ALGORITHMS["EdDSA"].signature.verify
    assert verify(private.public_key(), b"text", private.sign(b"text"))
    assert not verify(private.public_key(), b"text", private.sign(b"other"))
    assert not verify(private.public_key(), b"text", b"")


def test_unknown_edwards_curves_are_refused() -> None:
    """X25519 does not sign."""
    with pytest.raises(DeserializationError):
        JWK.from_json({"kty": "OKP", "crv": "X25519", "x": "AA"})
