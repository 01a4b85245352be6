"""Other chains."""

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.protocols.acme.alternates import Alternates
from tests.support.ca_world import ISSUING, ROOT, World
from tests.support.outside import Outside

WORLD = World().with_issuers()


def chains(*extra: object, of: object = ISSUING) -> tuple[tuple[bytes, ...], ...]:
    """The other chains of an issuer."""
    issuers = WORLD.authorities.known()
    found = Alternates(extra)  # type: ignore[arg-type]
    issuer = next(one for one in issuers if one.name == of)
    assert found.of(issuer, issuers) == found.of(issuer, issuers)
    return found.of(issuer, issuers)


def key_of(name: object) -> ec.EllipticCurvePublicKey:
    """The public key of one of ours."""
    key = next(one for one in WORLD.authorities.known() if one.name == name).public_key
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


def test_there_is_none_without_cross_certificates() -> None:
    """The usual chain is no alternative to itself; a foreign root alone leads nowhere."""
    assert chains() == ()
    assert chains(Outside().certificate) == ()


def test_a_crossed_issuer_and_a_crossed_root() -> None:
    """Chains without their roots; the shorter one comes first."""
    outside = Outside()
    issuing, root = (WORLD.authorities.get(name).certificate for name in (ISSUING, ROOT))
    crossed_issuer = outside.sign(issuing.subject, key_of(ISSUING))
    crossed_root = outside.sign(root.subject, key_of(ROOT))
    der = [one.public_bytes(Encoding.DER) for one in (issuing, crossed_issuer, crossed_root)]
    assert chains(crossed_issuer, crossed_root, outside.certificate) == ((der[1],), (der[0], der[2]))
    assert chains(crossed_issuer) == ()


def test_what_only_looks_like_it_is_none() -> None:
    """The same name with another key, or a signature by another."""
    outside, impostor = Outside(), Outside()
    subject = WORLD.authorities.get(ISSUING).certificate.subject
    other_key = outside.sign(subject, ec.generate_private_key(ec.SECP256R1()).public_key())
    other_signature = impostor.sign(subject, key_of(ISSUING))
    assert chains(other_key, other_signature, outside.certificate) == ()
