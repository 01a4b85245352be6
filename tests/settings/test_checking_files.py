"""Checks of what settings point to on this machine."""

from pathlib import Path

import pytest

from emca_daemon.settings.checking import load_settings
from emca_daemon.settings.checking_files import check_files

WHOLE = """
user = "root"
[store]
url = "sqlite:///rows/emca.db"
[signers.disk]
kind = "software"
[signers.token]
kind = "pkcs11"
module = "module.so"
token_label = "emca"
pin_file = "pin"
[listeners.own]
port = 1
serves = ["ocsp"]
[listeners.own.tls]
certificate = "tls/own.pem"
key = "tls/own.key"
issuer = "root"
profile = "tls"
names = ["a.test"]
[listeners.foreign]
port = 2
serves = ["acme", "est"]
[listeners.foreign.tls]
certificate = "foreign.pem"
key = "foreign.key"
client_certificates = "optional"
client_authorities = ["clients.pem"]
[listeners.plain]
port = 3
serves = ["ocsp", "scep"]
[issuers.default]
ocsp_profile = "ocsp"
ocsp_key = "disk:ocsp"
[issuers.silent]
[scep.asked]
profile = "tls"
ra = "none"
[scep.asked.challenge]
policy = "webhook"
[scep.asked.webhook]
url = "https://decider.example/"
secret_file = "webhook.secret"
[scep.asked.calls]
ca_file = "roots.pem"
[acme.main]
base_url = "https://ca.example/acme"
profile = "tls"
[acme.devices]
base_url = "https://ca.example/devices"
profile = "tls"
challenges = ["device-attest-01"]
[acme.devices.attestation]
tpm_roots = ["tpm.pem"]
[est.rolling]
profile = "tls"
rollover_certificates = ["roll.pem"]
"""
FOLDERS = ("profiles", "rows", "keys", "tls")
FILES = (
    "profiles/tls.toml",
    "profiles/ocsp.toml",
    "module.so",
    "foreign.pem",
    "clients.pem",
    "roots.pem",
    "tpm.pem",
    "roll.pem",
)
SECRETS = ("keys.passphrase", "pin", "foreign.key", "webhook.secret")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder in which everything is as the settings say."""
    for name in FOLDERS:
        (tmp_path / name).mkdir()
    for name in (*FILES, *SECRETS):
        (tmp_path / name).write_text("x", encoding="utf-8")
    for name in SECRETS:
        (tmp_path / name).chmod(0o600)
    return tmp_path


def findings(folder: Path, text: str = WHOLE) -> dict[str, str]:
    """What is wrong, by key."""
    file = folder / "emca.toml"
    file.write_text(text, encoding="utf-8")
    return dict(check_files(load_settings(file, files=False)))


def test_a_machine_as_the_settings_say_has_no_findings(machine: Path) -> None:
    """Certificates that the daemon issues itself need not be there yet."""
    assert findings(machine) == {}


@pytest.mark.parametrize(
    ("missing", "key"),
    [
        ("profiles/tls.toml", "acme.main.profile"),
        ("tpm.pem", "acme.devices.attestation.tpm_roots"),
        ("profiles/tls.toml", "listeners.own.tls.profile"),
        ("profiles/ocsp.toml", "issuers.default.ocsp_profile"),
        ("keys.passphrase", "signers.disk.passphrase_file"),
        ("pin", "signers.token.pin_file"),
        ("module.so", "signers.token.module"),
        ("foreign.pem", "listeners.foreign.tls.certificate"),
        ("foreign.key", "listeners.foreign.tls.key"),
        ("webhook.secret", "scep.asked.webhook.secret_file"),
        ("roots.pem", "scep.asked.calls.ca_file"),
        ("clients.pem", "listeners.foreign.tls.client_authorities"),
        ("roll.pem", "est.rolling.rollover_certificates"),
    ],
)
def test_a_missing_file_is_told(machine: Path, missing: str, key: str) -> None:
    """By the key that names it."""
    (machine / missing).unlink()
    assert key in findings(machine)


@pytest.mark.parametrize(
    ("missing", "key"),
    [("rows", "store.url"), ("keys", "signers.disk.directory"), ("tls", "listeners.own.tls.certificate")],
)
def test_a_missing_folder_is_told(machine: Path, missing: str, key: str) -> None:
    """By the key that names it, or a file in it."""
    (machine / missing).rmdir()
    assert key in findings(machine)


def test_without_profiles_only_the_folder_is_told(tmp_path: Path) -> None:
    """One finding, not one a profile."""
    text = '[acme.main]\nbase_url = "https://ca.example/acme"\nprofile = "tls"'
    assert findings(tmp_path, text) == {"profiles": f"expected a folder at {tmp_path}/profiles"}


def test_a_secret_open_to_everybody_is_told(machine: Path) -> None:
    """The password of the database among them."""
    (machine / "pin").chmod(0o644)
    assert findings(machine, '[store]\nurl = "postgresql://emca@db/emca"\npassword_file = "pin"') == {
        "store.password_file": f"{machine}/pin must not be open to others (chmod o= {machine}/pin)"
    }


@pytest.mark.parametrize("odd", ["x" * 5000, "keys.passphrase/x"])
def test_what_cannot_even_be_looked_at_is_told(machine: Path, odd: str) -> None:
    """Names too long for any file, and files that are taken for folders."""
    text = f'''profiles = "{odd}"\n[store]\nurl = "sqlite:///{odd}/emca.db"\n[signers.a]\nkind = "software"
directory = "{odd}"\npassphrase_file = "{odd}"'''
    assert set(findings(machine, text)) == {"profiles", "store.url", "signers.a.directory", "signers.a.passphrase_file"}


def test_no_account_has_a_nul_in_its_name(machine: Path) -> None:
    """Nor has a file of the store."""
    text = 'user = "a\\u0000"\n[store]\nurl = "sqlite:///a\\u0000/emca.db"'
    assert set(findings(machine, text)) == {"user", "store.url"}


def test_an_account_that_is_not_there_is_told(machine: Path) -> None:
    """The daemon could not change to it."""
    assert findings(machine, 'user = "no-such-account"') == {
        "user": "expected an account of this machine, found `no-such-account`"
    }


def test_a_missing_certificate_of_an_authority_is_told(machine: Path) -> None:
    """Tokens could not be verified without it."""
    text = WHOLE.replace("[acme.main]\n", '[acme.main]\nchallenges = ["tkauth-01"]\n')
    text += '\n[acme.main.token_authorities.x]\ncertificate = "nowhere.pem"\n'
    assert "acme.main.token_authorities.x.certificate" in findings(machine, text)
