"""Key objects in a token: how they are found, read and made."""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from typing import cast

import pkcs11
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass
from pkcs11 import exceptions as ck

from emca_daemon.asn1 import der
from emca_daemon.errors import Reason, Refused
from emca_daemon.signers import algorithms
from emca_daemon.signers.pkcs11_token import Session

_CURVES = {
    der.oid("1.2.840.10045.3.1.7"): ec.SECP256R1(),
    der.oid("1.3.132.0.34"): ec.SECP384R1(),
    der.oid("1.3.132.0.35"): ec.SECP521R1(),
}
_EDWARDS: dict[bytes, Callable[[bytes], ed25519.Ed25519PublicKey | ed448.Ed448PublicKey]] = {
    der.oid("1.3.101.112"): ed25519.Ed25519PublicKey.from_public_bytes,
    der.tlv(0x13, b"edwards25519"): ed25519.Ed25519PublicKey.from_public_bytes,
    der.oid("1.3.101.113"): ed448.Ed448PublicKey.from_public_bytes,
    der.tlv(0x13, b"edwards448"): ed448.Ed448PublicKey.from_public_bytes,
}
"""EC_PARAMS of Edwards curves: an object identifier or a curve's name (PKCS#11 3.0, 2.3.5)."""

_PARAMETERS = {
    "p-256": (KeyType.EC, der.oid("1.2.840.10045.3.1.7"), Mechanism.EC_KEY_PAIR_GEN),
    "p-384": (KeyType.EC, der.oid("1.3.132.0.34"), Mechanism.EC_KEY_PAIR_GEN),
    "p-521": (KeyType.EC, der.oid("1.3.132.0.35"), Mechanism.EC_KEY_PAIR_GEN),
    "ed25519": (KeyType.EC_EDWARDS, der.oid("1.3.101.112"), Mechanism.EC_EDWARDS_KEY_PAIR_GEN),
    "ed448": (KeyType.EC_EDWARDS, der.oid("1.3.101.113"), Mechanism.EC_EDWARDS_KEY_PAIR_GEN),
}
_SIGNING = MechanismFlag.SIGN | MechanismFlag.VERIFY
_DECRYPTING = MechanismFlag.DECRYPT | MechanismFlag.ENCRYPT
_BY_ID = "id="
"""How the label begins by which a key without a label is called: `id=` and the hexadecimal CKA_ID."""


def label_of(key: pkcs11.PrivateKey) -> str:
    """What a key is called."""
    return str(_read(key, Attribute.LABEL) or "") or _BY_ID + id_of(key).hex()


def id_of(key: pkcs11.Object) -> bytes:
    """The CKA_ID, empty where there is none."""
    value = _read(key, Attribute.ID)
    return value if isinstance(value, bytes) else b""


def private_keys(session: Session) -> Iterator[pkcs11.PrivateKey]:
    """Every private key."""
    for found in session.raw.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY}):
        if isinstance(found, pkcs11.PrivateKey):
            yield found


def shows_private_keys(session: Session) -> bool:
    """Whether there is any key that only a login makes visible."""
    wanted = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.PRIVATE: True}
    with closing(
        cast("Generator[pkcs11.Object, None, None]", session.raw.get_objects(wanted))
    ) as search:  # ended at the first find
        return next(search, None) is not None


def find(session: Session, label: str) -> list[pkcs11.PrivateKey]:
    """The private keys of that label."""
    wanted: dict[Attribute, object] = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: label}
    if label.startswith(_BY_ID):
        try:
            wanted = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.ID: bytes.fromhex(label[len(_BY_ID) :])}
        except ValueError:
            return []
    return [found for found in session.raw.get_objects(wanted) if isinstance(found, pkcs11.PrivateKey)]


def public_key(session: Session, key: pkcs11.PrivateKey) -> CertificateIssuerPublicKeyTypes:
    """The public half: from the key itself (RSA), its public key object or its certificate.

    Raises Refused(ALGORITHM_REFUSED) for kinds that sign no certificates and Refused(UNAVAILABLE) when the token
    holds no public half.
    """
    sources: list[pkcs11.Object] = [key, *_siblings(session, key, ObjectClass.PUBLIC_KEY)]
    for source in sources:
        found = _public(source)
        if found is not None:
            return found
    for certificate in _siblings(session, key, ObjectClass.CERTIFICATE):
        found = _certified(certificate)
        if found is not None:
            return found
    raise Refused(Reason.UNAVAILABLE, f"the token holds no public key for {label_of(key)!r}")


def generate(session: Session, label: str, identifier: bytes, algorithm: str, *, decrypts: bool = False) -> None:
    """Make a key pair that stays in the token; raises Refused(ALGORITHM_REFUSED) or PKCS11Error.

    It signs; one that `decrypts` does that, too.
    """
    size = algorithms.rsa_size(algorithm)
    if size is None and algorithm not in _PARAMETERS:
        if algorithm not in algorithms.ALGORITHMS:
            raise algorithms.unknown(algorithm)
        raise Refused(Reason.ALGORITHM_REFUSED, f"tokens are not asked for {algorithm} keys")
    private = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.PRIVATE: True}
    writing = session.raw.token.open(rw=True)
    try:
        if size is not None:
            _demand(session, Mechanism.RSA_PKCS_KEY_PAIR_GEN, algorithm)
            writing.generate_keypair(
                KeyType.RSA,
                size,
                id=identifier,
                label=label,
                store=True,
                capabilities=_SIGNING | (_DECRYPTING if decrypts else MechanismFlag(0)),
                private_template=private,
            )
            return
        kind, parameters, mechanism = _PARAMETERS[algorithm]
        _demand(session, mechanism, algorithm)
        domain = writing.create_domain_parameters(kind, {Attribute.EC_PARAMS: parameters}, local=True)
        domain.generate_keypair(
            id=identifier,
            label=label,
            store=True,
            capabilities=_SIGNING,
            mechanism=mechanism,
            private_template=private,
        )
    finally:
        writing.close()


def destroy(session: Session, label: str, identifier: bytes) -> None:
    """Take a key pair away again."""
    writing = session.raw.token.open(rw=True)
    try:
        for found in list(writing.get_objects({Attribute.LABEL: label, Attribute.ID: identifier})):
            found.destroy()
    finally:
        writing.close()


def _demand(session: Session, mechanism: Mechanism, algorithm: str) -> None:
    """Raises Refused(ALGORITHM_REFUSED) for a mechanism that the token does not list."""
    if mechanism not in session.mechanisms:
        raise Refused(Reason.ALGORITHM_REFUSED, f"the token makes no {algorithm} keys")


def _siblings(session: Session, key: pkcs11.PrivateKey, kind: ObjectClass) -> list[pkcs11.Object]:
    """The objects that belong to a key: those of its CKA_ID, or of its label where it has no CKA_ID."""
    wanted: Mapping[Attribute, object] = {Attribute.CLASS: kind, Attribute.ID: id_of(key)}
    if not id_of(key):
        wanted = {Attribute.CLASS: kind, Attribute.LABEL: label_of(key)}
    return list(session.raw.get_objects(dict(wanted)))


def _read(source: pkcs11.Object, attribute: Attribute) -> object:
    """An attribute, None where the object does not have it or does not show it."""
    try:
        return source[attribute]
    except (ck.AttributeTypeInvalid, ck.AttributeSensitive, KeyError):
        return None


def _public(source: pkcs11.Object) -> CertificateIssuerPublicKeyTypes | None:
    """The public key in a key object's attributes, None where they do not hold it."""
    kind = _read(source, Attribute.KEY_TYPE)
    try:
        if kind == KeyType.RSA:
            modulus, exponent = _read(source, Attribute.MODULUS), _read(source, Attribute.PUBLIC_EXPONENT)
            if not isinstance(modulus, bytes) or not isinstance(exponent, bytes):
                return None
            return rsa.RSAPublicNumbers(int.from_bytes(exponent), int.from_bytes(modulus)).public_key()
        point, parameters = _read(source, Attribute.EC_POINT), _read(source, Attribute.EC_PARAMS)
        if not isinstance(point, bytes) or not isinstance(parameters, bytes):
            return None
        if kind == KeyType.EC and parameters in _CURVES:
            return ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[parameters], _unwrapped(point))
        if kind == KeyType.EC_EDWARDS and parameters in _EDWARDS:
            return _EDWARDS[parameters](_unwrapped(point))
    except ValueError as error:
        raise Refused(Reason.KEY_REFUSED, f"the token holds a public key that is none: {error}") from None
    raise Refused(Reason.ALGORITHM_REFUSED, "the token holds a key of a kind that signs no certificates here")


def _unwrapped(point: bytes) -> bytes:
    """The point in the OCTET STRING that PKCS#11 2.20 asks for; some tokens give it bare."""
    for header in (2, 3):  # the point of P-521 needs a length of two octets
        if der.octet_string(point[header:]) == point:
            return point[header:]
    return point


def _certified(certificate: pkcs11.Object) -> CertificateIssuerPublicKeyTypes | None:
    """The public key in a certificate object."""
    value = _read(certificate, Attribute.VALUE)
    try:
        key = x509.load_der_x509_certificate(value if isinstance(value, bytes) else b"").public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None
    if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        return key
    return None
