"""CMP as `openssl cmp` and curl speak it: general messages, errors, confirmation, polling, HTTP."""

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from tests.support.cmp_site import SECRET, Openssl, approved, status
from tests.support.daemon import wait_for

pytestmark = pytest.mark.interop


def _posted(openssl: Openssl, body: bytes, *options: str, path: str = "/.well-known/cmp") -> tuple[int, bytes]:
    """The status and the body of a POST by curl."""
    (openssl.folder / "body").write_bytes(body)
    url = f"http://127.0.0.1:{openssl.daemon.port}{path}"
    done = subprocess.run(
        ["curl", "-sS", "-o", "answer", "-w", "%{http_code}", "--data-binary", "@body", *options, url],
        cwd=openssl.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    answer = openssl.folder / "answer"
    return int(done.stdout or 0), answer.read_bytes() if answer.exists() else b""


_TYPE = ("-H", "Content-Type: application/pkixcmp")


def test_13_14_general_messages(openssl: Openssl) -> None:
    """Nothing asked, nothing told; the kinds of keys."""
    said = openssl("genm", *openssl.mac)
    assert said.code == 0, said.out
    said = openssl("genm", *openssl.signature(*openssl.enrolled()), "-infotype", "signKeyPairTypes")
    assert said.code == 0, said.out
    assert "id-it-signKeyPairTypes" in said.out


def test_17_18_not_proved(openssl: Openssl) -> None:
    """A wrong secret, an unknown reference and no protection at all: the same failure, unprotected."""
    for protection in (
        ("-secret", "pass:wrong", "-ref", "dev1"),
        ("-secret", f"pass:{SECRET}", "-ref", "nobody"),
        ("-unprotected_requests",),
    ):
        options = (*protection, "-recipient", "/CN=Root", "-unprotected_errors", "-certout", "c.pem")
        said = openssl("ir", *openssl.fresh(), *options)
        assert "badMessageCheck" in said.out, said.out
        assert not (openssl.folder / "c.pem").exists()


def test_19_without_possession(openssl: Openssl) -> None:
    """BadPOP (3.5 would ask for a key instead)."""
    said = openssl("ir", *openssl.mac, *openssl.fresh(), "-popo", "-1", "-certout", "c.pem")
    assert "badPOP" in said.out or "centrally generated" in said.out


def test_19_an_encrypted_certificate(newer: Openssl) -> None:
    """By the demonstration's profile for keys that need not sign: OpenSSL decrypts its certificate and confirms it."""
    options = (*newer.mac, *newer.fresh(), "-popo", "2", "-certout", "c.pem")
    said = newer("ir", *options, path="/.well-known/cmp/p/encryption")
    assert said.code == 0, said.out
    assert "received PKICONF" in said.out
    usage = newer.certificate("c.pem").extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_agreement, usage.digital_signature) == (True, False)
    assert status(newer, "c.pem") == "valid"


def test_20_unknown_information(openssl: Openssl) -> None:
    """Is not minded."""
    said = openssl("ir", *openssl.mac, *openssl.fresh(), "-geninfo", "1.2.3.4:int:56789", "-certout", "c.pem")
    assert said.code == 0, said.out


def test_21_the_client_rejects(openssl: Openssl) -> None:
    """The certificate is withdrawn."""
    trust = ("-out_trusted", openssl.daemon.home / "vendor.pem")
    said = openssl("ir", *openssl.mac, *openssl.fresh(), *trust, "-rspout", "ip.der pc.der", "-certout", "c.pem")
    assert "received PKICONF" in said.out
    assert _newest_status(openssl) == "revoked"


def _newest_status(openssl: Openssl) -> str:
    rows = openssl.daemon.done("cert", "list", "--json").json
    return str(rows[0]["status"])


def test_22_never_confirmed(openssl: Openssl) -> None:
    """The certificate is good while it may be confirmed, and withdrawn after that."""
    options = ("-disable_confirm", "-certout", "c.pem")
    said = openssl("ir", *openssl.mac, *openssl.fresh(), *options, path="/cmp-hasty")
    assert said.code == 0, said.out
    wait_for(lambda: status(openssl, "c.pem") == "revoked", "the withdrawal", 20)


def test_23_24_replay(openssl: Openssl) -> None:
    """The same message a second time: transactionIdInUse, in an error that is protected."""
    request = (*openssl.mac, *openssl.fresh(), "-certout", "c.pem")
    saved = ("-reqout", "ir.der cc.der", "-rspout", "ip.der pc.der")
    said = openssl("ir", *request, *saved)
    assert said.code == 0, said.out
    said = openssl("ir", *request, "-reqin", "ir.der")
    assert "transactionIdInUse" in said.out, said.out


@pytest.mark.parametrize("keep_alive", ["0", "1", "2"])
def test_25_26_persistence(openssl: Openssl, keep_alive: str) -> None:
    """Connections are kept, where the client wants or even demands it."""
    said = openssl("ir", *openssl.mac, *openssl.fresh(), "-keep_alive", keep_alive, "-certout", "c.pem")
    assert said.code == 0, said.out


def test_27_polling(openssl: Openssl) -> None:
    """A person approves while the client polls; then the certificate is confirmed as always."""
    said = approved(openssl, "/CN=dev1.example", "/cmp-manual", "c.pem")
    assert "received POLLREP" in said
    assert "received PKICONF" in said
    assert status(openssl, "c.pem") == "valid"


def test_28_trailing_octets(openssl: Openssl) -> None:
    """BadDataFormat in an error that names the transaction."""
    said = openssl("ir", *openssl.mac, *openssl.fresh(), "-reqout", "ir.der", "-disable_confirm", "-certout", "c.pem")
    assert said.code == 0, said.out
    code, answer = _posted(openssl, (openssl.folder / "ir.der").read_bytes() + b"X", *_TYPE)
    assert code == 200
    assert b"\x03\x02\x02\x04" in answer  # badDataFormat


def test_29_what_is_no_message(openssl: Openssl) -> None:
    """405, 415, 400, 413 and 404."""
    assert _posted(openssl, b"0", "-X", "PUT")[0] == 405
    assert _posted(openssl, b"0", "-H", "Content-Type: text/plain")[0] == 415
    assert _posted(openssl, b"", *_TYPE)[0] == 400
    assert _posted(openssl, b"0", *_TYPE)[0] == 400
    assert _posted(openssl, bytes(3_000_000), *_TYPE)[0] == 413
    assert _posted(openssl, b"0", *_TYPE, path="/.well-known/cmp/p/nowhere")[0] == 404


def test_paths(openssl: Openssl) -> None:
    """An operation's own path, a profile's label, a legacy path; a path of another operation is a badRequest."""
    for path in ("/initialization", "/ir", "/p/profile1", "/p/profile1/initialization", "/"):
        said = openssl("ir", *openssl.mac, *openssl.fresh(), "-certout", "c.pem", path=f"/.well-known/cmp{path}")
        assert said.code == 0, said.out
    assert openssl("ir", *openssl.mac, *openssl.fresh(), "-certout", "c.pem", path="/pkix/").code == 0
    said = openssl("ir", *openssl.mac, *openssl.fresh(), "-certout", "c.pem", path="/.well-known/cmp/keyupdate")
    assert "badRequest" in said.out


def test_strict(openssl: Openssl) -> None:
    """The sender must be called as the reference value is."""
    where = "/cmp-strict"
    assert (
        "badMessageCheck"
        in openssl("ir", *openssl.mac, "-unprotected_errors", *openssl.fresh(), "-certout", "c.pem", path=where).out
    )
    mac = ("-secret", f"pass:{SECRET}", "-ref", "dev1.example", "-recipient", "/CN=Root")
    said = openssl("ir", *mac, *openssl.fresh(), "-certout", "c.pem", path=where)
    assert said.code == 0, said.out


def test_30_ca_certificates(newer: Openssl) -> None:
    """The issuing CA and its root."""
    sign = newer.signature(*newer.enrolled())
    said = newer("genm", *sign, "-infotype", "caCerts", "-cacertsout", "ca.pem")
    assert said.code == 0, said.out
    bundle = x509.load_pem_x509_certificates((newer.daemon.home / "ca-bundle.pem").read_bytes())
    assert set(x509.load_pem_x509_certificates((newer.folder / "ca.pem").read_bytes())) == set(bundle)


def test_31_no_root_update(newer: Openssl) -> None:
    """There is none: an empty answer."""
    sign = newer.signature(*newer.enrolled())
    root = newer.daemon.home / "root.pem"
    said = newer("genm", *sign, "-infotype", "rootCaCert", "-oldwithold", root, "-newwithnew", "new.pem")
    assert "no root CA certificate update available" in said.out, said.out


def test_32_request_template(newer: Openssl) -> None:
    """Template and key specification, also for a named profile."""
    sign = newer.signature(*newer.enrolled())
    for more in ((), ("-profile", "profile1")):
        said = newer("genm", *sign, "-infotype", "certReqTemplate", "-template", "t.der", "-keyspec", "k.der", *more)
        assert said.code == 0, said.out
        assert (newer.folder / "t.der").read_bytes()[:1] == b"0"
        assert (newer.folder / "k.der").read_bytes()[:1] == b"0"


def test_33_crls(newer: Openssl) -> None:
    """The CRL by the certificate's distribution point; none where the client's is as new."""
    leaf, key = newer.enrolled()
    ask = ("-infotype", "crlStatusList", "-crlcert", leaf)
    said = newer("genm", *newer.signature(leaf, key), *ask, "-crlout", "c.pem")
    assert said.code == 0, said.out
    assert (newer.folder / "c.pem").exists()
    again = ("-infotype", "crlStatusList", "-oldcrl", "c.pem", "-crlout", "d.pem")
    said = newer("genm", *newer.signature(leaf, key), *again)
    assert said.code == 0, said.out
    assert not (newer.folder / "d.pem").exists() or not (newer.folder / "d.pem").read_bytes()


def test_34_keys_made_for_the_client(newer: Openssl) -> None:
    """By agreement with a curve's certificate, encrypted to an RSA key's, and by the shared secret."""
    asked = ("-subject", "/CN=dev1.example", "-centralkeygen", "-newkeyout", "k.pem", "-certout", "c.pem")
    home, rsa_key = newer.daemon.home, rsa.generate_private_key(65537, 2048)
    pem = rsa_key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    (newer.folder / "rsa.key").write_bytes(pem)
    named = ("-newkey", "rsa.key", "-subject", "/CN=dev1.example", "-implicit_confirm", "-certout", "rsa.pem")
    assert newer("ir", *newer.mac, *named).code == 0
    by_secret: tuple[str | Path, ...] = (*newer.mac, "-trusted", home / "root.pem", "-untrusted", home / "issuer.pem")
    for command, proved in (
        ("cr", newer.signature(*newer.enrolled())),
        ("cr", newer.signature("rsa.pem", "rsa.key")),
        ("ir", by_secret),
    ):
        said = newer(command, *proved, *asked)
        assert said.code == 0, said.out
        key = load_pem_private_key((newer.folder / "k.pem").read_bytes(), None)
        assert key.public_key() == newer.certificate("c.pem").public_key()
        assert status(newer, "c.pem") == "valid"
        (newer.folder / "k.pem").unlink()


def test_35_profiles(newer: Openssl) -> None:
    """A profile by its name; one that there is not is a badRequest."""
    sign = newer.signature(*newer.enrolled())
    said = newer("cr", *sign, *newer.fresh(), "-profile", "profile1", "-certout", "c.pem")
    assert said.code == 0, said.out
    said = newer("cr", *sign, *newer.fresh(), "-profile", "nothing", "-certout", "d.pem")
    assert "badRequest" in said.out


def test_36_rr_by_issuer_and_serial(newer: Openssl, authority: tuple[Path, Path]) -> None:
    """Without the certificate at hand."""
    leaf, _ = newer.enrolled()
    issuer = "/O=EMCA Demo/CN=EMCA Demo Issuing CA"
    serial = f"0x{newer.certificate(leaf).serial_number:x}"
    said = newer("rr", *newer.signature(*authority), "-issuer", issuer, "-serial", serial, "-revreason", "1")
    assert said.code == 0, said.out
    assert status(newer, leaf) == "revoked"


def test_37_more_information(newer: Openssl) -> None:
    """Unknown things in the header, numbers and texts."""
    more = ("-geninfo", "1.3:int:987, id-kp:str:name")
    said = newer("ir", *newer.mac, *newer.fresh(), *more, "-certout", "c.pem")
    assert said.code == 0, said.out
