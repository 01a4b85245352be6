"""`emca-daemon ca`."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12

from tests.support.cli_world import CommandLine, new_folder, with_issuers
from tests.support.outside import Outside


def test_a_hierarchy_is_made_listed_shown_and_exported(tmp_path: Path) -> None:
    """Root and sub-CA, with a first CRL each, as JSON and in PEM."""
    commands = with_issuers(tmp_path)
    rows = commands.rows("ca", "list")
    assert [(row["name"], row["parent"], row["state"]) for row in rows] == [
        ("root", None, "active"),
        ("issuing", "root", "active"),
    ]
    shown = commands.record("ca", "show", "issuing")
    assert shown["subject"] == "CN=Test Issuing CA,O=Test"
    assert shown["crl_number"] == 1
    assert shown["crl_urls"] == ["http://localhost:8080/crl/issuing.crl"]
    chain = x509.load_pem_x509_certificates(commands.run("ca", "export", "issuing", "--chain").stdout.encode())
    chain[0].verify_directly_issued_by(chain[1])
    assert len(x509.load_pem_x509_certificates(commands.run("ca", "export", "root").stdout.encode())) == 1


def test_a_ca_goes_out_for_signing_and_comes_in(tmp_path: Path) -> None:
    """`csr` prints the request, `import` brings the certificate in; before that `export` shows the request."""
    commands, outside = new_folder(tmp_path), Outside()
    text = commands.run("ca", "csr", "ext", "--subject", "CN=Ext CA", "--algorithm", "p-384").stdout
    assert commands.run("ca", "export", "ext").stdout == text
    certificate = outside.sign_request(x509.load_pem_x509_csr(text.encode()))
    answer = tmp_path / "answer.pem"
    answer.write_bytes(certificate.public_bytes(Encoding.PEM) + outside.certificate.public_bytes(Encoding.PEM))
    commands.run("ca", "import", "ext", str(answer))
    assert commands.record("ca", "show", "ext")["state"] == "active"


def test_a_ca_comes_from_pkcs12(tmp_path: Path) -> None:
    """With its passphrase from a file."""
    commands, outside = new_folder(tmp_path), Outside()
    file, passphrase = tmp_path / "ca.p12", tmp_path / "pass"
    passphrase.write_text("secret\n")
    passphrase.chmod(0o600)
    locked = BestAvailableEncryption(b"secret")
    file.write_bytes(pkcs12.serialize_key_and_certificates(b"ca", outside.key, outside.certificate, None, locked))
    commands.run(
        "ca", "import", "old", str(file), "--pkcs12", "--passphrase-file", str(passphrase), "--profile", "root-ca"
    )
    assert commands.record("ca", "show", "old")["key"] == "software:old"


def test_revoking_ends_a_ca(tmp_path: Path) -> None:
    """It is revoked, and on the parent's next CRL."""
    commands = with_issuers(tmp_path)
    assert commands.record("ca", "revoke", "issuing", "--reason", "caCompromise")["state"] == "revoked"
    (row,) = commands.rows("crl", "update", "root")
    assert row["entries"] == 1


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("ca", "show", "nobody"), 3, "there is no issuer `nobody`"),
        (("ca", "export", "nobody"), 3, "there is no issuer `nobody`"),
        (("ca", "create-root", "r", "--subject", "nonsense"), 1, "no distinguished name"),
        (("ca", "create-root", "r", "--subject", "CN=x", "--algorithm", "rsa-1024"), 1, "2048 bits, not 1024"),
        (("ca", "create-root", "r", "--subject", "CN=x", "--algorithm", "rsa"), 1, "unknown key algorithm 'rsa'"),
        (
            ("ca", "create-root", "r", "--subject", "CN=x", "--profile", "tls-server"),
            1,
            "not for certificate authorities",
        ),
        (("ca", "csr", "r", "--subject", "CN=x", "--algorithm", "rsa-1024"), 1, "2048 bits, not 1024"),
        (("ca", "create-root", "r"), 2, "--subject"),
        (("ca", "create-sub", "s", "--subject", "CN=x", "--parent", "nobody"), 3, "nobody"),
        (("ca", "revoke", "nobody"), 3, "nobody"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(tmp_path: Path, words: tuple[str, ...], code: int, says: str) -> None:
    """No stack trace, and an exit code that tells the kind of failure."""
    commands: CommandLine = new_folder(tmp_path)
    output = commands.run(*words, code=code).output
    assert says in output
    assert "Traceback" not in output


def test_a_key_that_is_there_is_named_with_the_way_to_take_it(tmp_path: Path) -> None:
    """Whoever made the key before, or a failure after it was made; not where another issuer has it."""
    commands = with_issuers(tmp_path)
    commands.run("key", "generate", "software:spare", "--algorithm", "p-256")
    output = commands.run("ca", "create-root", "spare", "--subject", "CN=Spare", code=1).output
    assert "--existing-key" in output
    commands.run("ca", "create-root", "spare", "--subject", "CN=Spare", "--existing-key")
    again = commands.run("ca", "create-root", "r2", "--key", "software:spare", "--subject", "CN=Spare 2", code=1).output
    assert "--existing-key" not in again
    refused = [row for row in commands.rows("audit", "list") if row["outcome"] == "refused"]
    assert [row["action"] for row in refused] == ["issuer.create", "issuer.create"]
