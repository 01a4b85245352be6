"""CMP as Bouncy Castle speaks it, through a driver of ours: PBMAC1 with keys of any length, and signatures."""

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.support.clients import run
from tests.support.cmp_site import SECRET, Openssl, status, system_openssl
from tests.support.daemon import Daemon, Said

pytestmark = pytest.mark.interop

JARS = ("bcprov", "bcpkix", "bcutil")
SUBJECT = "CN=dev1.example"


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """The command that runs our driver of Bouncy Castle."""
    path = ":".join(f"/usr/share/java/{jar}.jar" for jar in JARS)
    out = tmp_path_factory.mktemp("classes")
    run("javac", "-cp", path, "-d", out, Path(__file__).parent / "java" / "CmpClient.java", seconds=120)
    return ("java", "-cp", f"{path}:{out}", "CmpClient")


@pytest.fixture
def files(cmp_daemon: Daemon, tmp_path: Path) -> Openssl:
    """A fresh folder, and a client that enrolls what Bouncy Castle is to sign with."""
    return Openssl(system_openssl(), tmp_path, cmp_daemon)


def bouncy(
    files: Openssl,
    driver: tuple[str, ...],
    *protection: str | Path,
    subject: str = SUBJECT,
    path: str = "/.well-known/cmp",
) -> Said:
    """What the driver said."""
    url = f"http://127.0.0.1:{files.daemon.port}{path}"
    words = [*driver, url, subject, "bc.pem", "bc.key", *map(str, protection)]
    done = subprocess.run(words, cwd=files.folder, capture_output=True, text=True, timeout=120, check=False)
    return Said(done.returncode, done.stdout, done.stderr)


def enrolled(files: Openssl) -> x509.Certificate:
    """The certificate that the driver wrote, which is for the key that it wrote."""
    certificate = files.certificate("bc.pem")
    key = load_pem_private_key((files.folder / "bc.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert certificate.public_key() == key.public_key()
    assert status(files, "bc.pem") == "valid"
    return certificate


@pytest.mark.parametrize(("mac", "bits"), [("HmacSHA256", "256"), ("HmacSHA512", "512"), ("HmacSHA256", "32768")])
def test_pbmac1(files: Openssl, driver: tuple[str, ...], mac: str, bits: str) -> None:
    """Ir and certConf by a shared secret; each answer's PBMAC1 is found right, keys of 4096 octets included."""
    said = bouncy(files, driver, "secret", "dev1", SECRET, mac, bits)
    assert said.code == 0, said.error
    assert "protected by 1.2.840.113549.1.5.14" in said.out
    assert enrolled(files).subject.rfc4514_string() == SUBJECT


def test_pbmac1_with_a_wrong_secret(files: Openssl, driver: tuple[str, ...]) -> None:
    """BadMessageCheck, in an error that nothing vouches for."""
    said = bouncy(files, driver, "secret", "dev1", "wrong", "HmacSHA256", "256")
    assert said.code != 0
    assert "not protected" in said.error
    assert "could not be verified" in said.error


def test_signature(files: Openssl, driver: tuple[str, ...]) -> None:
    """Cr and certConf signed by a certificate of ours; the answers are signed by the responder's, below the root."""
    leaf, key = files.enrolled()
    home = files.daemon.home
    said = bouncy(files, driver, "signature", leaf, key, home / "root.pem", home / "issuer.pem")
    assert said.code == 0, said.error
    assert enrolled(files).subject == files.certificate(leaf).subject


def test_signature_for_somebody_else(files: Openssl, driver: tuple[str, ...]) -> None:
    """NotAuthorized, in a signed cp."""
    leaf, key = files.enrolled()
    home = files.daemon.home
    trust = (home / "root.pem", home / "issuer.pem")
    said = bouncy(files, driver, "signature", leaf, key, *trust, subject="CN=somebody")
    assert said.code != 0
    assert "refused: " in said.error
    assert "is not the sender's" in said.error


@pytest.mark.parametrize("path", ["/.well-known/cmp", "/cmp-packages"])
def test_keys_made_by_the_ca(files: Openssl, driver: tuple[str, ...], path: str) -> None:
    """In an AsymmetricKeyPackage or without one, as the endpoint has it.

    They are opened by the shared secret, or by agreement with the certificate that signed, and signed by their maker.
    """
    leaf, key = files.enrolled()
    home = files.daemon.home
    for protection in (
        ("secret-key", "dev1", SECRET, "HmacSHA256", "256"),
        ("signature-key", leaf, key, home / "root.pem", home / "issuer.pem"),
    ):
        said = bouncy(files, driver, *protection, path=path)
        assert said.code == 0, said.error
        assert "made by CN=" in said.out
        enrolled(files)
