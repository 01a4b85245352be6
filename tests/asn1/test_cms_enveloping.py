"""Tests of emca_daemon.asn1.cms_enveloping."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa, x448, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from emca_daemon.asn1 import ber, cms, cms_decrypting, cms_enveloped, der
from emca_daemon.asn1.cms_algorithms import CIPHERS
from emca_daemon.asn1.cms_enveloping import ToCertificate, ToPassword, ToPublicKey, envelop
from emca_daemon.errors import Reason, Refused
from emca_daemon.randomness import system_random
from tests.support.cms_world import certificate, counted, key

PublicKey = x25519.X25519PublicKey | x448.X448PublicKey | rsa.RSAPublicKey


def opened(written: bytes, kind: str) -> bytes:
    """The content, for the holder of that key."""
    read = cms_enveloped.read_enveloped_data(written)
    recipient = read.recipient_for(certificate(kind))
    assert recipient is not None
    return cms_decrypting.decrypt_with_key(read, recipient, key(kind), ciphers=CIPHERS, random=system_random)


@pytest.mark.parametrize("cipher", sorted(set(CIPHERS) - {"des-cbc"}))
@pytest.mark.parametrize("kind", ["rsa", "p-256", "p-384"])
def test_recipients_open_what_is_for_them(kind: str, cipher: str) -> None:
    """With every cipher, in strict DER."""
    written = envelop(b"content", [ToCertificate(certificate(kind))], cipher, system_random)
    assert ber.to_der(written) == written
    assert opened(written, kind) == b"content"


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
def test_oaep_opens_as_well(digest: str) -> None:
    """With every digest that OAEP may have."""
    assert opened(envelop(b"x", [ToCertificate(certificate(), oaep=digest)], "aes-128-cbc", counted), "rsa") == b"x"


def test_versions_follow_the_recipients() -> None:
    """RFC 5652 6.1."""

    def version(*recipients: ToCertificate | ToPassword) -> int:
        content = cms.read_content_info(envelop(b"", recipients, "aes-128-cbc", counted))[1]
        return ber.elements(ber.element(content).content)[0].content[0]

    transport, agreement = ToCertificate(certificate()), ToCertificate(certificate("p-256"))
    assert version(transport) == 0
    assert version(ToCertificate(certificate(), by_key_identifier=True)) == 2
    assert version(transport, agreement) == 2
    assert version(transport, ToPassword(b"secret")) == 3


@pytest.mark.parametrize("kind", ["rsa", "p-256"])
def test_keys_without_certificates(kind: str) -> None:
    """Are called by the name and number that they are given."""
    public = certificate(kind).public_key()
    assert isinstance(public, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)
    recipient = ToPublicKey(public, der.sequence(), 7, "sha256", b"material")
    written = envelop(b"x", [recipient], "aes-256-cbc", system_random)
    read = cms_enveloped.read_enveloped_data(written)
    assert der.sequence(der.sequence(), der.integer(7)) in written
    assert read.recipient_for(certificate(kind)) is None
    first = read.recipients[0]
    assert isinstance(first, cms_enveloped.KeyTransport | cms_enveloped.KeyAgreement)
    assert cms_decrypting.decrypt_with_key(read, first, key(kind), ciphers=CIPHERS, random=system_random) == b"x"


def test_authenticated_attributes_are_bound() -> None:
    """They are read back, and changing them shows."""
    written = envelop(
        b"x", [ToCertificate(certificate())], "aes-128-gcm", counted, attributes={"1.2.3": der.integer(7)}
    )
    assert opened(written, "rsa") == b"x"
    assert der.integer(7) in cms_enveloped.read_enveloped_data(written).authenticated
    with pytest.raises(Refused) as caught:
        opened(
            written.replace(der.oid("1.2.3") + b"\x31\x03\x02\x01\x07", der.oid("1.2.3") + b"\x31\x03\x02\x01\x08"),
            "rsa",
        )
    assert caught.value.reason is Reason.BAD_INTEGRITY


def test_keys_that_cannot_be_encrypted_to_are_refused() -> None:
    """Ed25519 only signs; a DES key is too short to be wrapped for a curve."""
    for kind, cipher, reason in (
        ("ed25519", "aes-128-cbc", Reason.KEY_REFUSED),
        ("p-256", "des-cbc", Reason.ALGORITHM_REFUSED),
    ):
        with pytest.raises(Refused) as caught:
            envelop(b"", [ToCertificate(certificate(kind))], cipher, counted)
        assert caught.value.reason is reason


class OfKey:
    """As much of a certificate as an envelope looks at, with a key that no CA certifies in tests."""

    def __init__(self, public: PublicKey | None, identifier: bytes = b"id") -> None:
        self._public = public
        self.tbs_certificate_bytes, self.serial_number = certificate().tbs_certificate_bytes, 1
        self.identifier = identifier

    def public_key(self) -> PublicKey:
        """The key, if it can be read."""
        if self._public is None:
            raise ValueError
        return self._public

    @property
    def extensions(self) -> x509.Extensions:
        """They cannot be read."""
        raise ValueError


@pytest.mark.parametrize("kind", [x25519.X25519PrivateKey, x448.X448PrivateKey])
def test_montgomery_curves_agree_too(kind: type[x25519.X25519PrivateKey] | type[x448.X448PrivateKey]) -> None:
    """RFC 8418."""
    private = kind.generate()
    private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    written = envelop(b"x", [ToCertificate(OfKey(private.public_key()))], "aes-256-cbc", counted)  # type: ignore[arg-type]
    read = cms_enveloped.read_enveloped_data(written)
    recipient = read.recipients[0]
    assert isinstance(recipient, cms_enveloped.KeyAgreement)
    assert cms_decrypting.decrypt_with_key(read, recipient, private, ciphers=CIPHERS, random=counted) == b"x"


def test_keys_that_cannot_be_read_are_refused() -> None:
    """As what they are."""
    with pytest.raises(Refused) as caught:
        envelop(b"", [ToCertificate(OfKey(None))], "aes-128-cbc", counted)  # type: ignore[arg-type]
    assert caught.value.reason is Reason.KEY_REFUSED


def test_a_key_too_short_for_the_padding_is_refused() -> None:
    """OAEP with SHA-512 takes 130 octets of the 128 that an RSA key of 1024 bits has."""
    short = rsa.generate_private_key(65537, 1024).public_key()
    with pytest.raises(Refused) as caught:
        envelop(b"", [ToCertificate(OfKey(short), oaep="sha512")], "aes-128-cbc", counted)  # type: ignore[arg-type]
    assert caught.value.reason is Reason.KEY_REFUSED


@pytest.mark.parametrize("kind", [x25519.X25519PrivateKey, x448.X448PrivateKey])
def test_who_has_no_key_identifier_is_not_named_by_it(
    kind: type[x25519.X25519PrivateKey] | type[x448.X448PrivateKey],
) -> None:
    """Extensions that cannot be read tell none: a refusal, not an envelope for nobody."""
    recipient = ToCertificate(OfKey(kind.generate().public_key()), by_key_identifier=True)  # type: ignore[arg-type]
    with pytest.raises(Refused) as caught:
        envelop(b"", [recipient], "aes-128-cbc", counted)
    assert caught.value.reason is Reason.KEY_REFUSED


@pytest.mark.parametrize("kind", ["rsa", "p-256"])
def test_user_material_goes_into_an_agreement(kind: str) -> None:
    """And whoever opens the envelope reads it there; other keys do not mind it."""
    material = b"user keying material"
    written = envelop(
        b"content", [ToCertificate(certificate(kind), user_material=material)], "aes-256-cbc", system_random
    )
    assert (material in written) == (kind == "p-256")
    assert opened(written, kind) == b"content"
