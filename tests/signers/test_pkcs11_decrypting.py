"""Tests of how RSA keys in tokens decrypt: a software key stands for the token's, then SoftHSM2."""

from collections.abc import Callable
from itertools import count
from types import SimpleNamespace

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pkcs11 import MGF, Mechanism, MechanismFlag

from emca_daemon.asn1 import cms, cms_decrypting, cms_enveloped, cms_signatures
from emca_daemon.asn1.cms_algorithms import MODERN_CIPHERS
from emca_daemon.asn1.cms_enveloping import ToCertificate, envelop
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import KeyName
from emca_daemon.randomness import system_random
from emca_daemon.signers import pkcs11_decrypting, pkcs11_objects
from emca_daemon.signers.pkcs11 import TokenKeys
from emca_daemon.signers.pkcs11_decrypting import Decryption
from emca_daemon.signers.pkcs11_module import Module
from emca_daemon.signers.pkcs11_pin import PinFile
from emca_daemon.signers.pkcs11_token import Session, Token
from tests.support.cms_world import certificate, counted
from tests.support.softhsm import SoftHsm

RSA = rsa.generate_private_key(65537, 2048)
V15 = padding.PKCS1v15()
SHA1 = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
SHA256 = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
LABELLED = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), b"label")
ODD = padding.OAEP(padding.MGF1(hashes.SHA3_256()), hashes.SHA3_256(), None)
EVERY = frozenset({Mechanism.RSA_PKCS, Mechanism.RSA_PKCS_OAEP, Mechanism.RSA_X_509})
NUMBERS = count()


class FakeRsa:
    """What a token does with the key: as SoftHSM2 does, SHA-1 alone for OAEP and never with a label."""

    def __init__(self, *mechanisms: Mechanism, bare: bool = False) -> None:
        """The mechanisms it offers; `bare`: it leaves out the zeros at a block's beginning."""
        self.mechanisms = mechanisms or tuple(EVERY)
        self.asked: list[Mechanism] = []
        self._bare = bare

    def decrypt_raw(self, ciphertext: bytes, mechanism: Mechanism, parameter: object) -> bytes | None:
        """As `TokenKeys` gives it on."""
        self.asked.append(mechanism)
        numbers = RSA.private_numbers()
        if mechanism is Mechanism.RSA_X_509:
            opened = pow(int.from_bytes(ciphertext), numbers.d, numbers.public_numbers.n).to_bytes(256)
            return opened.lstrip(b"\x00") if self._bare else opened
        if mechanism is Mechanism.RSA_PKCS_OAEP and parameter != (Mechanism.SHA_1, MGF.SHA1, None):
            return None
        try:
            return RSA.decrypt(ciphertext, V15 if mechanism is Mechanism.RSA_PKCS else SHA1)
        except ValueError:
            return None

    def decryption(self) -> Decryption:
        """The key behind it."""
        return Decryption(RSA.public_key(), self.mechanisms, self.decrypt_raw, system_random)


@pytest.mark.parametrize(
    ("scheme", "mechanism"),
    [
        (V15, Mechanism.RSA_PKCS),
        (SHA1, Mechanism.RSA_PKCS_OAEP),
        (SHA256, Mechanism.RSA_X_509),
        (LABELLED, Mechanism.RSA_X_509),
    ],
)
def test_the_token_takes_the_padding_off_where_it_can(scheme: padding.AsymmetricPadding, mechanism: Mechanism) -> None:
    """Found out once, with a message of our own."""
    token = FakeRsa()
    decryption = token.decryption()
    for _ in range(2):
        token.asked.clear()
        assert decryption.open(RSA.public_key().encrypt(b"message", scheme), scheme) == b"message"
    assert token.asked == [mechanism]


@pytest.mark.parametrize("scheme", [V15, SHA1, SHA256, LABELLED])
def test_the_bare_operation_is_enough(scheme: padding.AsymmetricPadding) -> None:
    """With the zeros at the beginning of its result, or without."""
    for bare in (True, False):
        decryption = FakeRsa(Mechanism.RSA_X_509, bare=bare).decryption()
        assert decryption.open(RSA.public_key().encrypt(b"message", scheme), scheme) == b"message"


def test_what_the_token_cannot_take_off_is_refused() -> None:
    """By the padding's name, whatever the ciphertext."""
    decryption = FakeRsa(Mechanism.RSA_PKCS, Mechanism.RSA_PKCS_OAEP).decryption()
    assert decryption.open(RSA.public_key().encrypt(b"message", SHA1), SHA1) == b"message"
    for ciphertext in (b"", bytes(256), RSA.public_key().encrypt(b"message", SHA256)):
        with pytest.raises(Refused, match="does not decrypt OAEP sha256 sha256") as caught:
            decryption.open(ciphertext, SHA256)
        assert caught.value.reason is Reason.ALGORITHM_REFUSED
    for other in (padding.PSS(padding.MGF1(hashes.SHA1()), 1), ODD):
        with pytest.raises(UnsupportedAlgorithm):
            FakeRsa().decryption().open(bytes(256), other)


@pytest.mark.parametrize("scheme", [V15, SHA1, SHA256])
def test_no_number_of_the_modulus_is_not_given_to_the_token(scheme: padding.AsymmetricPadding) -> None:
    """Too short, too long, too large."""
    token = FakeRsa()
    decryption = token.decryption()
    decryption.open(bytes(256), scheme)
    token.asked.clear()
    modulus = RSA.public_key().public_numbers().n.to_bytes(256)
    assert [decryption.open(one, scheme) for one in (b"", bytes(255), bytes(257), modulus)] == [None] * 4
    assert token.asked == []


def session(mechanisms: dict[Mechanism, MechanismFlag]) -> Session:
    """A session with a token that offers these."""
    slot = SimpleNamespace(get_mechanism_info=lambda one: SimpleNamespace(flags=mechanisms[one]))
    raw = SimpleNamespace(token=SimpleNamespace(slot=slot))
    return Session(raw, 0, 0, frozenset(mechanisms))  # type: ignore[arg-type]  # what is asked of it is there


def test_mechanisms_that_only_sign_do_not_count() -> None:
    """A token without any other is refused in one line."""
    signs, both = MechanismFlag.SIGN, MechanismFlag.SIGN | MechanismFlag.DECRYPT
    mixed = session({Mechanism.RSA_PKCS: signs, Mechanism.RSA_X_509: both, Mechanism.ECDSA: both})
    assert pkcs11_decrypting.offered(mixed) == {Mechanism.RSA_X_509}
    pkcs11_decrypting.demand(mixed)
    for mechanisms in ({}, {Mechanism.RSA_PKCS: signs}, {Mechanism.RSA_PKCS_OAEP: both}):
        with pytest.raises(Refused, match="the token does not decrypt: it offers neither") as caught:
            pkcs11_decrypting.demand(session(mechanisms))
        assert caught.value.reason is Reason.ALGORITHM_REFUSED


@pytest.fixture
def token(softhsm: SoftHsm) -> Token:
    """SoftHSM2's."""
    return Token("hsm", Module(softhsm.module), PinFile("hsm", softhsm.pin_file), "contract")


@pytest.fixture
def keys(token: Token) -> TokenKeys:
    """The signer on it."""
    return TokenKeys(token)


def made(keys: TokenKeys, *, decrypts: bool = True) -> rsa.RSAPrivateKey:
    """A new key."""
    key = keys.generate(KeyName(f"hsm:decrypting-{next(NUMBERS)}"), "rsa-2048", decrypts=decrypts)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def outcome(key: rsa.RSAPrivateKey, algorithm: cms.Algorithm, encrypted: bytes) -> bytes | tuple[Reason, str]:
    """What comes of an envelope whose content key is wrapped like this."""
    enveloped = cms_enveloped.read_enveloped_data(
        envelop(b"content", [ToCertificate(certificate())], "aes-128-gcm", counted)
    )
    recipient = cms_enveloped.KeyTransport(cms.KeyIdentifier(b""), algorithm, encrypted)
    try:
        return cms_decrypting.decrypt_with_key(
            enveloped, recipient, key, ciphers=MODERN_CIPHERS, random=lambda size: b"\xff" * size
        )
    except Refused as refusal:
        return refusal.reason, refusal.detail


@pytest.mark.token
def test_no_padding_is_guessed_from_a_token_s_answers(keys: TokenKeys, token: Token) -> None:
    """One refusal for all that is wrong with a wrapped key, as with a software key; and nothing is mended for it."""
    key = made(keys)
    public = key.public_key()
    for algorithm, scheme in (
        (cms.Algorithm(cms_signatures.RSA_ENCRYPTION), V15),
        (cms.Algorithm(cms_decrypting.RSAES_OAEP), SHA1),
    ):
        assert outcome(key, algorithm, public.encrypt(counted(16), scheme)) == b"content"
        epoch, sessions = token._epoch, list(token._free)
        wrong = [bytes(256), b"\x01" * 256, b"\xff" * 256, b"short", b""]
        wrong += [public.encrypt(bytes(size), scheme) for size in (0, 15, 16, 100)]
        wrong += [public.encrypt(counted(16), SHA256)]
        assert {outcome(key, algorithm, one) for one in wrong} == {
            (Reason.BAD_INTEGRITY, "the envelope cannot be opened")
        }
        assert (token._epoch, list(token._free)) == (epoch, sessions)


@pytest.mark.token
def test_keys_for_signing_do_not_decrypt(keys: TokenKeys) -> None:
    """They say so."""
    key = made(keys, decrypts=False)
    with pytest.raises(Refused, match="does not let its key") as caught:
        key.decrypt(key.public_key().encrypt(b"x", V15), V15)
    assert caught.value.reason is Reason.ALGORITHM_REFUSED


@pytest.mark.token
def test_a_token_that_cannot_decrypt_gets_no_key_for_it(keys: TokenKeys, token: Token) -> None:
    """And is told in one line; one that cannot be asked is not judged."""
    assert keys.check_decrypting() == ""
    assert token._logged_in is not None
    token._logged_in.mechanisms -= EVERY
    token._free.clear()
    assert "offers neither CKM_RSA_PKCS nor" in keys.check_decrypting()
    with pytest.raises(Refused, match="offers neither"):
        made(keys)
    assert TokenKeys(Token("hsm", token._module, token._pin, "nowhere")).check_decrypting() == ""


@pytest.mark.token
@pytest.mark.parametrize("scheme", [V15, SHA256])
def test_decryption_mends_the_session(keys: TokenKeys, softhsm: SoftHsm, scheme: padding.AsymmetricPadding) -> None:
    """After a logout, closed sessions and a module that was shut down, as signing does."""
    key = made(keys)
    wrapped = key.public_key().encrypt(b"message", scheme)
    token = keys._token

    def slot() -> int:
        assert token._logged_in is not None
        return token._logged_in.raw.token.slot.slot_id

    blows: list[Callable[[], object]] = [
        lambda: softhsm.raw("C_CloseAllSessions", slot()),
        lambda: softhsm.raw("C_Finalize", None),
        lambda: softhsm.raw("C_CloseAllSessions", slot()),
    ]
    for blow in blows:
        assert key.decrypt(wrapped, scheme) == b"message"
        blow()
        token._restarted = -60.0
    assert key.decrypt(wrapped, scheme) == b"message"


@pytest.mark.token
def test_a_key_that_is_gone_is_unavailable(keys: TokenKeys, token: Token) -> None:
    """It is not an answer about the ciphertext."""
    key = made(keys)
    wrapped = key.public_key().encrypt(b"x", V15)
    assert key.decrypt(wrapped, V15) == b"x"

    def destroy(session: Session) -> None:
        (label, identifier), *_ = session.found
        pkcs11_objects.destroy(session, label, identifier)
        session.found.clear()

    token.use(destroy)
    with pytest.raises(Refused) as caught:
        key.decrypt(wrapped, V15)
    assert caught.value.reason is Reason.UNAVAILABLE
