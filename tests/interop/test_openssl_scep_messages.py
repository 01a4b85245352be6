"""CMS as SCEP uses it, both ways with OpenSSL: envelopes and signatures, streamed (BER) and in DER."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from emca_daemon.asn1.cms_algorithms import CIPHERS, DIGEST_OIDS
from emca_daemon.asn1.cms_decrypting import decrypt_with_key, oaep_digest
from emca_daemon.asn1.cms_enveloped import read_enveloped_data
from emca_daemon.asn1.cms_enveloping import ToCertificate, envelop
from emca_daemon.asn1.cms_signed import public_key_of, read_signed_data, verify_signer
from emca_daemon.asn1.cms_signing import SigningIdentity, sign_data
from emca_daemon.randomness import system_random
from tests.support.clients import run
from tests.support.cms_world import certificate, der_of, key

pytestmark = pytest.mark.interop
CONTENT = bytes(range(256)) * 20
OAEP: dict[str | None, tuple[str, ...]] = {
    None: (),
    "sha1": ("-keyopt", "rsa_padding_mode:oaep"),
    "sha256": ("-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256", "-keyopt", "rsa_mgf1_md:sha256"),
    "sha512": ("-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha512", "-keyopt", "rsa_mgf1_md:sha512"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A recipient's and signer's files, and content."""
    (tmp_path / "c.pem").write_bytes(certificate().public_bytes(Encoding.PEM))
    (tmp_path / "k.pem").write_bytes(key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "content").write_bytes(CONTENT)
    return tmp_path


@pytest.mark.parametrize("form", [(), ("-stream",), ("-keyid",)])
@pytest.mark.parametrize("oaep", list(OAEP))
def test_envelopes_of_openssl_are_opened(folder: Path, oaep: str | None, form: tuple[str, ...]) -> None:
    """By issuer and by key identifier, in DER and streamed, by PKCS #1 v1.5 and by OAEP."""
    out = folder / "e.der"
    command: tuple[str | Path, ...] = ("openssl", "cms", "-encrypt", "-binary", "-aes128", *form)
    command += ("-outform", "DER", "-in", folder / "content")
    run(*command, "-out", out, "-recip", folder / "c.pem", *OAEP[oaep])
    enveloped = read_enveloped_data(out.read_bytes())
    recipient = enveloped.recipient_for(certificate())
    assert recipient is not None
    assert oaep_digest(enveloped) == oaep
    assert decrypt_with_key(enveloped, recipient, key(), ciphers=CIPHERS, random=system_random) == CONTENT


@pytest.mark.parametrize("cipher", ["aes-128-cbc", "aes-256-cbc", "aes-256-gcm", "des-ede3-cbc"])
@pytest.mark.parametrize("oaep", list(OAEP))
def test_openssl_opens_ours(folder: Path, oaep: str | None, cipher: str) -> None:
    """With every padding."""
    (folder / "e.der").write_bytes(envelop(CONTENT, [ToCertificate(certificate(), oaep=oaep)], cipher, system_random))
    files = ("-in", folder / "e.der", "-inkey", folder / "k.pem", "-recip", folder / "c.pem")
    run("openssl", "cms", "-decrypt", "-binary", "-inform", "DER", *files, "-out", folder / "opened")
    assert (folder / "opened").read_bytes() == CONTENT


@pytest.mark.parametrize("form", [(), ("-stream",), ("-keyid",), ("-noattr",)])
@pytest.mark.parametrize("digest", ["sha256", "sha512", "sha1"])
def test_signatures_of_openssl_are_verified(folder: Path, digest: str, form: tuple[str, ...]) -> None:
    """With the content inside, in DER and streamed, with and without signed attributes."""
    out = folder / "s.der"
    command = ("openssl", "cms", "-sign", "-nodetach", "-binary", "-md", digest, *form, "-outform", "DER")
    run(*command, "-in", folder / "content", "-out", out, "-signer", folder / "c.pem", "-inkey", folder / "k.pem")
    signed = read_signed_data(out.read_bytes())
    assert signed.content == CONTENT
    signer = signed.signers[0]
    assert signed.certificate_of(signer) == certificate()
    verify_signer(signed, signer, public_key_of(certificate()), DIGEST_OIDS)


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_openssl_verifies_ours(folder: Path, digest: str) -> None:
    """And takes the content out."""
    identity = SigningIdentity(certificate(), key())
    (folder / "s.der").write_bytes(sign_data(CONTENT, identity, digest_name=digest, certificates=[der_of()]))
    command = ("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", folder / "s.der", "-noverify")
    run(*command, "-out", folder / "verified")
    assert (folder / "verified").read_bytes() == CONTENT
