"""`emca-daemon crl`."""

from pathlib import Path

from cryptography import x509

from tests.support.cli_world import new_folder, with_issuers


def test_crls_are_published_and_shown(tmp_path: Path) -> None:
    """All or one, numbers rising; the newest in PEM."""
    commands = with_issuers(tmp_path)
    assert [row["number"] for row in commands.rows("crl", "update")] == [2, 2]
    (row,) = commands.rows("crl", "update", "issuing")
    assert row["number"] == 3
    assert commands.record("crl", "show", "issuing")["number"] == 3
    crl = x509.load_pem_x509_crl(commands.run("crl", "show", "issuing", "--pem").stdout.encode())
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 3


def test_an_unknown_issuer_has_no_crl(tmp_path: Path) -> None:
    """Not found, to show and to publish."""
    commands = new_folder(tmp_path)
    assert "nobody" in commands.run("crl", "show", "nobody", code=3).output
    assert "nobody" in commands.run("crl", "update", "nobody", code=3).output
