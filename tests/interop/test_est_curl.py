"""EST with curl and openssl: passwords, Digest, client certificates, both TLS versions, keys made by the server."""

import base64
from pathlib import Path

import pytest
from cryptography import x509

from emca_daemon.asn1 import der
from emca_daemon.protocols.est.requests import ASYMMETRIC_DECRYPT_KEY_IDENTIFIER
from tests.support.clients import run
from tests.support.est_clients import EstSite, subject
from tests.support.est_world import request
from tests.support.site import Site

pytestmark = pytest.mark.interop


@pytest.fixture
def est(site: Site, tmp_path: Path) -> EstSite:
    """The demonstration's EST."""
    return EstSite(site.daemon, tmp_path)


def test_cacerts_holds_the_chain(est: EstSite) -> None:
    """Issuing CA and root, read by openssl."""
    status, content, head = est.curl("cacerts", None)
    assert status == 200
    assert "Content-Length:" in head
    bundle = est.folder / "ca.p7"
    bundle.write_bytes(base64.b64decode(content))
    printed = run("openssl", "pkcs7", "-inform", "DER", "-in", bundle, "-print_certs", "-noout")
    assert printed.count("subject=") == 2


@pytest.mark.parametrize("tls", ["1.2", "1.3"])
@pytest.mark.parametrize("scheme", ["--basic", "--digest"])
def test_a_password_enrolls(est: EstSite, scheme: str, tls: str) -> None:
    """By Basic and by Digest."""
    _, csr = est.request("device-1", "-addext", "subjectAltName=DNS:device-1.emca.test")
    options = (scheme, "-u", est.userpass, "--tls-max", tls)
    status, content, _ = est.curl("simpleenroll", base64.encodebytes(csr.read_bytes()), *options)
    assert status == 200
    file = est.enrolled("device-1", content)
    assert subject(file) == "CN=device-1"
    assert "DNS:device-1.emca.test" in run("openssl", "x509", "-in", file, "-noout", "-ext", "subjectAltName")


@pytest.mark.parametrize("tls", ["1.2", "1.3"])
def test_the_certificate_renews_itself(est: EstSite, tls: str) -> None:
    """With another key, under the same names; other names are refused."""
    key, csr = est.request("device-2")
    _, content, _ = est.curl("simpleenroll", base64.b64encode(csr.read_bytes()), "-u", est.userpass)
    shown = ("--cert", est.enrolled("device-2", content), "--key", key, "--tls-max", tls)
    renewal = EstSite(est.daemon, est.folder / "again")
    renewal.folder.mkdir()
    _, fresh = renewal.request("device-2")
    status, content, _ = est.curl("simplereenroll", base64.b64encode(fresh.read_bytes()), *shown)
    assert status == 200
    assert subject(renewal.enrolled("device-2", content)) == "CN=device-2"
    _, other = renewal.request("device-3")
    assert est.curl("simplereenroll", base64.b64encode(other.read_bytes()), *shown)[0] == 403


@pytest.mark.parametrize("form", ["pem", "der", "one line", "without newlines"])
def test_bodies_of_every_form(est: EstSite, form: str) -> None:
    """What clients send in the place of RFC 8951's base64."""
    _, csr = est.request("device-4")
    encoded = csr.read_bytes()
    pem = run("openssl", "req", "-inform", "DER", "-in", csr).encode()
    body = {
        "pem": pem,
        "der": encoded,
        "one line": base64.b64encode(encoded) + b"\n",
        "without newlines": pem.replace(b"\n", b"").replace(b"REQUEST-----M", b"REQUEST-----M"),
    }[form]
    assert est.curl("simpleenroll", body, "-u", est.userpass)[0] == 200


def test_chunked_requests_are_read(est: EstSite) -> None:
    """As some clients always send them; the answer has a length."""
    _, csr = est.request("device-5")
    options = ("-u", est.userpass, "-H", "Transfer-Encoding: chunked")
    status, _, head = est.curl("simpleenroll", base64.b64encode(csr.read_bytes()), *options)
    assert status == 200
    assert "Content-Length:" in head
    assert "chunked" not in head


def test_refusals(est: EstSite) -> None:
    """401 without a body and with the methods, 405, 404, 400."""
    status, content, head = est.curl("simpleenroll", b"AAAA")
    assert (status, content) == (401, b"")
    assert 'WWW-Authenticate: Basic realm="est"' in head
    assert est.curl("simpleenroll", b"AAAA", "-u", "est:wrong")[0] == 401
    assert est.curl("simpleenroll", None, "-u", est.userpass)[0] == 405
    assert est.curl("cacerts", b"AAAA")[0] == 405
    assert est.curl("nothing", None)[0] == 404
    assert est.curl("simpleenroll", b"!!!", "-u", est.userpass)[0] == 400
    assert est.curl("simpleenroll", b"AAAA", "-u", est.userpass)[0] == 400


def test_a_person_approves(est: EstSite) -> None:
    """202 with Retry-After; the same request is answered with the certificate afterwards."""
    _, csr = est.request("device-6")
    body = base64.b64encode(csr.read_bytes())
    status, content, head = est.curl("manual/simpleenroll", body, "-u", est.userpass)
    assert (status, content) == (202, b"")
    assert "Retry-After: 5" in head
    waiting = est.daemon.done("request", "list", "--json").json
    (one,) = [row for row in waiting if row["protocol"] == "est"]
    est.daemon.done("request", "approve", one["id"])
    status, content, _ = est.curl("manual/simpleenroll", body, "-u", est.userpass)
    assert status == 200
    assert subject(est.enrolled("device-6", content)) == "CN=device-6"


def test_a_key_is_made_by_the_server(est: EstSite) -> None:
    """Key and certificate in one answer, which openssl takes together."""
    _, csr = est.request("device-7")
    status, content, head = est.curl("serverkeygen", base64.b64encode(csr.read_bytes()), "-u", est.userpass)
    assert status == 200
    boundary = head.partition("boundary=")[2].split()[0].encode()
    key, certificate = (part.partition(b"\r\n\r\n")[2] for part in content.split(b"--" + boundary)[1:3])
    file = est.enrolled("device-7", certificate)
    private = est.folder / "made.key"
    private.write_bytes(base64.b64decode(key))
    public = run("openssl", "pkey", "-inform", "DER", "-in", private, "-pubout")
    assert public == run("openssl", "x509", "-in", file, "-noout", "-pubkey")


def test_csrattrs_is_der(est: EstSite) -> None:
    """The template of RFC 9908, as openssl reads it."""
    status, content, _ = est.curl("csrattrs", None)
    assert status == 200
    file = est.folder / "attributes.der"
    file.write_bytes(base64.b64decode(content))
    assert "1.2.840.113549.1.9.16.2.61" in run("openssl", "asn1parse", "-inform", "DER", "-in", file)


def test_openssl_opens_an_encrypted_key(est: EstSite) -> None:
    """EnvelopedData for the key of the client certificate (RSA-OAEP), around the signed key package."""
    key, csr = est.request("device-8", kind="rsa")
    _, content, _ = est.curl("simpleenroll", base64.b64encode(csr.read_bytes()), "-u", est.userpass)
    file = est.enrolled("device-8", content)
    holder = x509.load_pem_x509_certificate(file.read_bytes())
    identifier = holder.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    attributes = ((ASYMMETRIC_DECRYPT_KEY_IDENTIFIER, der.octet_string(identifier)),)
    body = base64.b64encode(request(None, "device-9", attributes=attributes))
    status, content, head = est.curl("serverkeygen", body, "--cert", file, "--key", key)
    assert status == 200
    boundary = head.partition("boundary=")[2].split()[0].encode()
    enveloped, signed = est.folder / "enveloped.der", est.folder / "signed.der"
    first = content.split(b"--" + boundary)[1]
    assert b"smime-type=server-generated-key" in first
    enveloped.write_bytes(base64.b64decode(first.partition(b"\r\n\r\n")[2]))
    opening = ("openssl", "cms", "-decrypt", "-inform", "DER", "-in", enveloped, "-recip", file, "-inkey", key)
    run(*opening, "-out", signed)
    printed = run("openssl", "asn1parse", "-inform", "DER", "-in", signed)
    assert "2.16.840.1.101.2.1.2.78.5" in printed
