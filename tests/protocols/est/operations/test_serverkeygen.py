"""/serverkeygen: plain and encrypted, opened again as a client does."""

import re
from base64 import b64decode, b64encode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap
from cryptography.hazmat.primitives.serialization import load_der_private_key

from emca_daemon.asn1 import ber, cms, cms_content, der
from emca_daemon.asn1.cms_algorithms import CIPHERS, MODERN_CIPHERS, MODERN_DIGESTS
from emca_daemon.asn1.cms_decrypting import decrypt_with_key
from emca_daemon.asn1.cms_enveloped import KeyAgreement, KeyTransport, read_enveloped_data
from emca_daemon.asn1.cms_signed import read_signed_content, read_signed_data, verify_signer
from emca_daemon.asn1.key_packages import KEY_PACKAGE
from emca_daemon.asn1.values import encoded, sequence_parts
from emca_daemon.protocols.est.requests import (
    ASYMMETRIC_DECRYPT_KEY_IDENTIFIER,
    DECRYPT_KEY_IDENTIFIER,
    SMIME_CAPABILITIES,
)
from emca_daemon.protocols.http import Peer, Response
from emca_daemon.randomness import system_random
from emca_daemon.settings.est import EstKeySettings
from tests.support.est_world import EstWorld, request, settings

GCM = der.sequence(der.sequence(der.oid("2.16.840.1.101.3.4.1.46")))


def making_keys(**given: object) -> EstWorld:
    """A world with a label that makes keys."""
    world = EstWorld()
    keys = EstKeySettings(**{"algorithms": ("p-256", "rsa-2048"), **given})  # type: ignore[arg-type]
    world.label(settings(serverkeygen=keys), recipient_keys={b"key-1": bytes(32)})
    return world


def parts(response: Response) -> list[tuple[str, bytes]]:
    """Media type and DER of each part of a multipart answer."""
    assert response.status == 200, response
    kind = dict(response.headers)["Content-Type"]
    boundary = kind.removeprefix("multipart/mixed; boundary=").encode()
    found = []
    for part in response.body.split(b"--" + boundary)[1:-1]:
        head, _, body = part.partition(b"\r\n\r\n")
        assert b"Content-Transfer-Encoding: base64" in head
        match = re.search(rb"Content-Type: (.*)\r\n", head)
        assert match is not None
        found.append((match[1].decode(), b64decode(body)))
    return found


def certificate_of(part: tuple[str, bytes]) -> x509.Certificate:
    """The certificate in the second part."""
    assert part[0] == "application/pkcs7-mime; smime-type=certs-only"
    return x509.load_der_x509_certificate(read_signed_data(part[1]).certificates[0])


def opened_package(signed: bytes, world: EstWorld) -> object:
    """The public half of the key in a signed package."""
    read = read_signed_content(signed)
    assert read.content_type == KEY_PACKAGE
    verify_signer(read, read.signers[0], world.signer.certificate.public_key(), MODERN_DIGESTS)
    (package,) = sequence_parts(read.content or b"", "AsymmetricKeyPackage")
    return load_der_private_key(encoded(package), None).public_key()


def test_a_key_comes_with_its_certificate() -> None:
    """The key of the request is ignored; its kind is kept where it is offered."""
    world = making_keys()
    key, certificate = parts(world.enroll(b64encode(request()), "serverkeygen"))
    assert key[0] == "application/pkcs8"
    made = load_der_private_key(key[1], None)
    assert isinstance(made, ec.EllipticCurvePrivateKey)
    assert certificate_of(certificate).public_key() == made.public_key()


def test_the_signature_of_the_request_means_nothing() -> None:
    """RFC 7030 4.4.1: so a request with a broken one is served."""
    world = making_keys()
    broken = request()[:-4] + bytes(4)
    assert len(parts(world.enroll(b64encode(broken), "serverkeygen"))) == 2


@pytest.mark.parametrize("cipher", ["cbc", "gcm"])
def test_a_symmetric_key_encrypts(cipher: str) -> None:
    """DecryptKeyIdentifier names it (RFC 7030 4.4.1.1); the request's S/MIME capabilities choose the cipher."""
    world = making_keys()
    attributes = [(DECRYPT_KEY_IDENTIFIER, der.octet_string(b"key-1"))]
    if cipher == "gcm":
        attributes.append((SMIME_CAPABILITIES, GCM))
    key, certificate = parts(world.enroll(b64encode(request(attributes=tuple(attributes))), "serverkeygen"))
    assert key[0] == "application/pkcs7-mime; smime-type=server-generated-key"
    enveloped = read_enveloped_data(key[1])
    assert enveloped.cipher is CIPHERS[f"aes-256-{cipher}"]
    _, content = cms.read_content_info(key[1])
    infos = ber.elements(ber.element(content).content)[1]
    recipient = ber.elements(ber.elements(infos.content)[0].content)
    assert b"key-1" in recipient[1].content
    content_key = aes_key_unwrap(bytes(32), recipient[3].content)
    signed = cms_content.decrypt(
        enveloped.cipher, enveloped.parameters, content_key, enveloped.ciphertext, b"", enveloped.mac
    )
    assert opened_package(signed, world) == certificate_of(certificate).public_key()


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_the_key_of_the_client_certificate_encrypts(kind: str) -> None:
    """AsymmetricDecryptKeyIdentifier names it (RFC 7030 4.4.1.2): RSA-OAEP or ECDH."""
    world = making_keys()
    key, device = world.device(key=rsa.generate_private_key(65537, 2048) if kind == "rsa" else None)
    certificate = x509.load_der_x509_certificate(device)
    identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    body = b64encode(request(attributes=((ASYMMETRIC_DECRYPT_KEY_IDENTIFIER, der.octet_string(identifier)),)))
    response = world.send("serverkeygen", body, peer=Peer("192.0.2.9", certificate=device))
    sent, issued = parts(response)
    enveloped = read_enveloped_data(sent[1])
    (recipient,) = enveloped.recipients
    assert isinstance(recipient, KeyTransport if kind == "rsa" else KeyAgreement)
    signed = decrypt_with_key(enveloped, recipient, key, ciphers=MODERN_CIPHERS, random=system_random)
    assert opened_package(signed, world) == certificate_of(issued).public_key()


@pytest.mark.parametrize("attribute", [DECRYPT_KEY_IDENTIFIER, ASYMMETRIC_DECRYPT_KEY_IDENTIFIER])
def test_a_key_that_is_not_known_is_refused(attribute: str) -> None:
    """Never is the new key sent in plain instead, nor a certificate issued."""
    world = making_keys()
    before = world.actions()
    body = b64encode(request(attributes=((attribute, der.octet_string(b"other")),)))
    assert world.enroll(body, "serverkeygen").status == 400
    assert world.actions() == [*before, ("est.request", "refused")]


def test_encryption_may_be_required_or_off() -> None:
    """A request without is refused where it is required, one with where it is off."""
    assert making_keys(encryption="required").enroll(b64encode(request()), "serverkeygen").status == 400
    body = b64encode(request(attributes=((DECRYPT_KEY_IDENTIFIER, der.octet_string(b"key-1")),)))
    assert making_keys(encryption="off").enroll(body, "serverkeygen").status == 400


def test_no_key_is_made_where_none_is_offered_or_a_person_decides() -> None:
    """404, or 403: a key is not kept until somebody looks at the request."""
    assert making_keys(algorithms=()).enroll(b64encode(request()), "serverkeygen").status == 404
    world = making_keys()
    world.manual()
    assert world.enroll(b64encode(request()), "serverkeygen").status == 403
