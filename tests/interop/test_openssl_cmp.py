"""CMP as `openssl cmp` speaks it, this system's (3.0 on Debian 12) and 3.5: enrollment, update, revocation."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from tests.support.cmp_site import Openssl, status

pytestmark = pytest.mark.interop


def test_01_ir(openssl: Openssl) -> None:
    """ip, certConf, pkiconf: the certificate, the root in caPubs, the chain in extraCerts."""
    saved = ("-certout", "c.pem", "-cacertsout", "ca.pem", "-extracertsout", "x.pem")
    said = openssl("ir", *openssl.mac, *openssl.fresh(), *saved)
    assert said.code == 0, said.out
    assert "received PKICONF" in said.out
    root = (openssl.daemon.home / "root.pem").read_bytes()
    assert openssl.certificate("ca.pem") == x509.load_pem_x509_certificate(root)
    issuer = x509.load_pem_x509_certificate((openssl.daemon.home / "issuer.pem").read_bytes())
    openssl.certificate("c.pem").verify_directly_issued_by(issuer)
    assert issuer in x509.load_pem_x509_certificates((openssl.folder / "x.pem").read_bytes())
    assert status(openssl, "c.pem") == "valid"


def test_02_implicit_confirmation(openssl: Openssl) -> None:
    """One round trip."""
    said = openssl("ir", *openssl.mac, *openssl.fresh(), "-implicit_confirm", "-certout", "c.pem")
    assert said.code == 0, said.out
    assert "CERTCONF" not in said.out


def test_03_other_algorithms_of_password_based_mac(openssl: Openssl) -> None:
    """HMAC-SHA256 over a key by SHA-512, answered in kind."""
    chosen = ("-mac", "hmacWithSHA256", "-digest", "sha512")
    said = openssl("ir", *openssl.mac, *chosen, *openssl.fresh(), "-certout", "c.pem")
    assert said.code == 0, said.out


def test_04_extensions_from_a_file(openssl: Openssl) -> None:
    """A subject alternative name in a section of a configuration."""
    section = "[reqexts]\nsubjectAltName = DNS:dev1.example\n"
    (openssl.folder / "reqexts.cnf").write_text(section)
    options = ("-config", "reqexts.cnf", "-reqexts", "reqexts", "-certout", "c.pem")
    said = openssl("ir", *openssl.mac, *openssl.fresh(), *options)
    assert said.code == 0, said.out
    names = openssl.certificate("c.pem").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["dev1.example"]


def test_05_names_and_validity(openssl: Openssl) -> None:
    """By the vendor's certificate of a registered device, chain in extraCerts."""
    home = openssl.daemon.home
    asked = ("-sans", "dev1.example 127.0.0.1", "-days", "30", "-extracerts", home / "vendor.pem")
    sign = openssl.signature(home / "station.pem", home / "station.key")
    said = openssl("ir", *sign, *openssl.fresh(), *asked, "-certout", "c.pem", path="/ejbca/publicweb/cmp/stations")
    assert said.code == 0, said.out
    certificate = openssl.certificate("c.pem")
    assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days in (29, 30)
    assert certificate.subject.rfc4514_string() == "CN=dev1.example"


def test_05_a_device_that_is_not_registered(openssl: Openssl) -> None:
    """A good certificate of the vendor alone is not enough; nor is one for a cr."""
    home = openssl.daemon.home
    where = {"path": "/ejbca/publicweb/cmp/stations"}
    sign = openssl.signature(home / "stranger.pem", home / "station.key")
    assert "notAuthorized" in openssl("ir", *sign, *openssl.fresh(), "-certout", "c.pem", **where).out
    sign = openssl.signature(home / "station.pem", home / "station.key")
    assert "notAuthorized" in openssl("cr", *sign, *openssl.fresh(), "-certout", "c.pem", **where).out
    assert "signerNotTrusted" in openssl("ir", *sign, *openssl.fresh(), "-certout", "c.pem").out


def test_06_cr(openssl: Openssl) -> None:
    """Another certificate for the holder of one; not for another subject."""
    sign = openssl.signature(*openssl.enrolled())
    said = openssl("cr", *sign, *openssl.fresh(), "-certout", "c.pem")
    assert said.code == 0, said.out
    assert "notAuthorized" in openssl("cr", *sign, *openssl.fresh("/CN=somebody"), "-certout", "d.pem").out


def test_07_08_p10cr(openssl: Openssl) -> None:
    """PKCS #10, by secret and by signature; the certReqId is -1 both ways."""
    key = load_pem_private_key((openssl.folder / openssl.new_key()).read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    name = x509.Name.from_rfc4514_string("CN=dev1.example")
    csr = x509.CertificateSigningRequestBuilder(name).sign(key, hashes.SHA256())
    (openssl.folder / "new.csr").write_bytes(csr.public_bytes(Encoding.PEM))
    said = openssl("p10cr", *openssl.mac, "-csr", "new.csr", "-certout", "c.pem")
    assert said.code == 0, said.out
    assert "received PKICONF" in said.out
    leaf = openssl.enrolled()
    said = openssl("p10cr", *openssl.signature(*leaf), "-csr", "new.csr", "-implicit_confirm", "-certout", "d.pem")
    assert said.code == 0, said.out


def test_09_10_kur(openssl: Openssl) -> None:
    """A new key; with the same one only where the endpoint allows it."""
    leaf, key = openssl.enrolled()
    said = openssl("kur", *openssl.signature(leaf, key), "-newkey", openssl.new_key(), "-certout", "c.pem")
    assert said.code == 0, said.out
    assert openssl.certificate("c.pem").subject == openssl.certificate(leaf).subject
    assert "badCertTemplate" in openssl("kur", *openssl.signature(leaf, key), "-certout", "d.pem").out
    stations = "/ejbca/publicweb/cmp/stations"
    said = openssl("kur", *openssl.signature(leaf, key), "-certout", "e.pem", path=stations)
    assert said.code == 0, said.out
    assert openssl.certificate("e.pem").public_key() == openssl.certificate(leaf).public_key()
    assert status(openssl, leaf) == "revoked"
    assert "certRevoked" in openssl("kur", *openssl.signature(leaf, key), "-certout", "f.pem", path=stations).out


def test_11_rr(openssl: Openssl) -> None:
    """By the holder; a second time the signer is revoked."""
    leaf, key = openssl.enrolled()
    order = ("-oldcert", leaf, "-revreason", "4")
    said = openssl("rr", *openssl.signature(leaf, key), *order)
    assert said.code == 0, said.out
    assert status(openssl, leaf) == "revoked"
    assert "certRevoked" in openssl("rr", *openssl.signature(leaf, key), *order).out


def test_11_rr_for_somebody_else(openssl: Openssl) -> None:
    """NotAuthorized."""
    sign = openssl.signature(*openssl.enrolled())
    other, _ = openssl.enrolled("other")
    assert "notAuthorized" in openssl("rr", *sign, "-oldcert", other).out


def test_12_rr_by_an_authority(openssl: Openssl, authority: tuple[Path, Path]) -> None:
    """Revoke, hold and revive; what is revoked stays so."""
    sign = openssl.signature(*authority)
    leaf, _ = openssl.enrolled()
    for reason, expected in (("6", "held"), ("8", "valid"), ("1", "revoked")):
        said = openssl("rr", *sign, "-oldcert", leaf, "-revreason", reason)
        assert said.code == 0, said.out
        assert status(openssl, leaf) == expected
    assert "certRevoked" in openssl("rr", *sign, "-oldcert", leaf, "-revreason", "1").out


def test_15_16_possession_vouched_for(openssl: Openssl, authority: tuple[Path, Path]) -> None:
    """RaVerified from an authority is good, from anybody else notAuthorized."""
    said = openssl("ir", *openssl.signature(*authority), *openssl.fresh(), "-popo", "0", "-certout", "c.pem")
    assert said.code == 0, said.out
    sign = openssl.signature(*openssl.enrolled())
    assert "notAuthorized" in openssl("ir", *sign, *openssl.fresh(), "-popo", "0", "-certout", "d.pem").out
