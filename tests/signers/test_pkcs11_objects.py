"""Tests of key objects: how those that other tools made are read, and what is made here."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import pkcs11
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pkcs11 import Attribute, KeyType, ObjectClass

from emca_daemon.asn1 import der
from emca_daemon.errors import Reason, Refused
from emca_daemon.signers import pkcs11_objects
from emca_daemon.signers.pkcs11_module import Module
from emca_daemon.signers.pkcs11_pin import PinFile
from emca_daemon.signers.pkcs11_token import Session, Token
from tests.support.softhsm import SoftHsm

NUMBERS = count()
P256 = der.oid("1.2.840.10045.3.1.7")


@pytest.fixture
def token(softhsm: SoftHsm) -> Token:
    """The token."""
    return Token("hsm", Module(softhsm.module), PinFile("hsm", softhsm.pin_file), "contract")


@pytest.fixture
def label() -> str:
    """A label that no key has."""
    return f"object-{next(NUMBERS)}"


class FakeObject:
    """An object with some attributes; others are refused as tokens do."""

    def __init__(self, **attributes: object) -> None:
        """Attributes by their names."""
        self._attributes = {Attribute[name]: value for name, value in attributes.items()}

    def __getitem__(self, attribute: Attribute) -> object:
        """The value."""
        if attribute not in self._attributes:
            raise pkcs11.exceptions.AttributeTypeInvalid
        return self._attributes[attribute]


class FakeSession:
    """A session that finds objects by class and CKA_ID."""

    def __init__(self, *objects: FakeObject) -> None:
        """What is in the token."""
        self.raw = self
        self._objects = objects

    def get_objects(self, wanted: dict[Attribute, object]) -> Iterator[FakeObject]:
        """Those that have all that is wanted."""
        for found in self._objects:
            if all(found._attributes.get(attribute) == value for attribute, value in wanted.items()):
                yield found


def public_of(private: FakeObject, *others: FakeObject) -> object:
    """The public key that is found for a private one."""
    return pkcs11_objects.public_key(FakeSession(*others), private)  # type: ignore[arg-type]


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """The uncompressed point."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


PRIVATE_EC = FakeObject(KEY_TYPE=KeyType.EC, ID=b"7", LABEL="ec", EC_PARAMS=P256)


def test_rsa_keys_hold_their_public_half() -> None:
    """No other object is needed."""
    key = rsa.generate_private_key(65537, 2048).public_key()
    numbers = key.public_numbers()
    found = public_of(FakeObject(KEY_TYPE=KeyType.RSA, MODULUS=numbers.n.to_bytes(256), PUBLIC_EXPONENT=b"\1\0\1"))
    assert found == key


@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize("curve", [("1.2.840.10045.3.1.7", ec.SECP256R1()), ("1.3.132.0.35", ec.SECP521R1())])
def test_points_come_wrapped_and_bare(curve: tuple[str, ec.EllipticCurve], wrapped: bool) -> None:
    """In an OCTET STRING as the standard says, or as some tokens do it."""
    key = ec.generate_private_key(curve[1]).public_key()
    private = FakeObject(KEY_TYPE=KeyType.EC, ID=b"7", LABEL="ec")
    value = der.octet_string(point(key)) if wrapped else point(key)
    public = FakeObject(
        CLASS=ObjectClass.PUBLIC_KEY, ID=b"7", KEY_TYPE=KeyType.EC, EC_PARAMS=der.oid(curve[0]), EC_POINT=value
    )
    assert public_of(private, public) == key


def test_a_key_without_id_is_matched_by_label() -> None:
    """As older tools leave them; Edwards curves by name too."""
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    attributes = {"KEY_TYPE": KeyType.EC_EDWARDS, "EC_PARAMS": der.tlv(0x13, b"edwards25519"), "LABEL": "ed"}
    public = FakeObject(CLASS=ObjectClass.PUBLIC_KEY, EC_POINT=der.octet_string(key.public_bytes_raw()), **attributes)
    assert public_of(FakeObject(**attributes), public) == key


def test_a_certificate_tells_the_public_key() -> None:
    """Where no public key object was kept; one that does not parse is passed over."""
    signer = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, signer.public_key(), 1, start, start).sign(signer, hashes.SHA256())
    spoilt = FakeObject(CLASS=ObjectClass.CERTIFICATE, ID=b"7", VALUE=b"junk")
    good = FakeObject(CLASS=ObjectClass.CERTIFICATE, ID=b"7", VALUE=made.public_bytes(Encoding.DER))
    assert public_of(PRIVATE_EC, spoilt, good) == signer.public_key()


def test_a_key_without_public_half_is_unavailable() -> None:
    """Nothing in the token tells it."""
    for private in (PRIVATE_EC, FakeObject(KEY_TYPE=KeyType.RSA, LABEL="rsa")):
        with pytest.raises(Refused) as refusal:
            public_of(private)
        assert refusal.value.reason is Reason.UNAVAILABLE


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"KEY_TYPE": KeyType.EC, "EC_PARAMS": der.oid("1.3.132.0.10")}, Reason.ALGORITHM_REFUSED),
        ({"KEY_TYPE": KeyType.EC_EDWARDS, "EC_PARAMS": b"odd"}, Reason.ALGORITHM_REFUSED),
        ({"KEY_TYPE": KeyType.DSA, "EC_PARAMS": P256}, Reason.ALGORITHM_REFUSED),
        ({"KEY_TYPE": KeyType.EC, "EC_PARAMS": P256}, Reason.KEY_REFUSED),
    ],
)
def test_odd_public_keys_are_refused(attributes: dict[str, object], reason: Reason) -> None:
    """Other curves and kinds, and points that are none."""
    with pytest.raises(Refused) as refusal:
        public_of(FakeObject(EC_POINT=b"\4\2\1\1", **attributes))
    assert refusal.value.reason is reason


@pytest.mark.token
def test_made_keys_cannot_leave_the_token(token: Token, label: str) -> None:
    """Sensitive, non-extractable, made inside, for signing only, with the CKA_ID given."""
    token.use(lambda session: pkcs11_objects.generate(session, label, b"id-of-it", "p-256"))
    (key,) = token.use(lambda session: pkcs11_objects.find(session, label))
    wanted = {"SENSITIVE": True, "EXTRACTABLE": False, "PRIVATE": True, "LOCAL": True, "NEVER_EXTRACTABLE": True}
    assert {name: key[Attribute[name]] for name in wanted} == wanted
    assert (key[Attribute.SIGN], key[Attribute.DECRYPT], key[Attribute.DERIVE]) == (True, False, False)
    assert pkcs11_objects.id_of(key) == b"id-of-it"
    with pytest.raises(pkcs11.AttributeSensitive):
        key[Attribute.VALUE]


@pytest.mark.token
def test_a_key_decrypts_where_that_was_asked_for(token: Token, label: str) -> None:
    """Beside signing; both halves say so, and neither leaves anything else open."""
    token.use(lambda session: pkcs11_objects.generate(session, label, b"rsa-id", "rsa-2048", decrypts=True))
    (key,) = token.use(lambda session: pkcs11_objects.find(session, label))
    usages = (Attribute.SIGN, Attribute.DECRYPT, Attribute.UNWRAP, Attribute.DERIVE, Attribute.EXTRACTABLE)
    assert [key[usage] for usage in usages] == [True, True, False, False, False]


@pytest.mark.token
def test_destroyed_keys_are_gone(token: Token, label: str) -> None:
    """Both halves, and only those of that CKA_ID."""
    for identifier in (b"first", b"second"):
        token.use(lambda session, own=identifier: pkcs11_objects.generate(session, label, own, "p-256"))  # type: ignore[misc]
    token.use(lambda session: pkcs11_objects.destroy(session, label, b"first"))
    wanted = {Attribute.LABEL: label}
    left = token.use(lambda session: [found[Attribute.ID] for found in session.raw.get_objects(wanted)])
    assert left == [b"second"] * 2


@pytest.mark.token
def test_a_key_without_label_is_called_by_its_id(token: Token) -> None:
    """`id=` and hexadecimal; what is no hexadecimal finds nothing."""
    token.use(lambda session: pkcs11_objects.generate(session, "", b"\xab\xcd", "p-256"))
    (key,) = token.use(lambda session: pkcs11_objects.find(session, "id=abcd"))
    assert pkcs11_objects.label_of(key) == "id=abcd"
    assert token.use(lambda session: pkcs11_objects.find(session, "id=xyz")) == []
    names = token.use(lambda session: [pkcs11_objects.label_of(one) for one in pkcs11_objects.private_keys(session)])
    assert "id=abcd" in names
    token.use(lambda session: pkcs11_objects.destroy(session, "", b"\xab\xcd"))


@pytest.mark.token
@pytest.mark.parametrize("algorithm", ["ml-dsa-65", "p-192", "rsa-1024"])
def test_what_tokens_do_not_make_is_refused(token: Token, label: str, algorithm: str) -> None:
    """Before the token is asked."""
    with pytest.raises(Refused) as refusal:
        token.use(lambda session: pkcs11_objects.generate(session, label, b"id", algorithm))
    assert refusal.value.reason is Reason.ALGORITHM_REFUSED


@pytest.mark.token
def test_a_mechanism_that_is_not_offered_is_refused(token: Token, label: str) -> None:
    """As tokens without Edwards curves do."""

    def work(session: Session) -> None:
        session.mechanisms = frozenset()
        pkcs11_objects.generate(session, label, b"id", "ed25519")

    with pytest.raises(Refused, match="makes no ed25519 keys"):
        token.use(work)
