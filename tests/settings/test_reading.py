"""The settings file's own shape."""

from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

from emca_daemon.names import IssuerName
from emca_daemon.problems import Problem
from emca_daemon.settings import reading
from emca_daemon.settings.model import Settings, StoreSettings
from emca_daemon.settings.reading import placed, read_settings


def read(folder: Path, text: str) -> tuple[Settings | None, list[str]]:
    """The settings in that text, and the problems without the file's name."""
    file = folder / "emca.toml"
    file.write_text(text, encoding="utf-8")
    problems: list[Problem] = []
    settings = read_settings(file, problems)
    assert {problem.file for problem in problems} <= {str(file)}
    return settings, [f"{problem.key}: {problem.expected}" for problem in problems]


def good(folder: Path, text: str) -> Settings:
    """The settings in a text without problems."""
    settings, problems = read(folder, text)
    assert problems == []
    assert settings is not None
    return settings


def test_an_empty_file_gives_the_defaults_in_its_folder(tmp_path: Path) -> None:
    """Relative paths, the default ones and the SQLite file's too, start where the settings file is."""
    settings = good(tmp_path, "")
    assert settings.file == tmp_path / "emca.toml"
    assert settings.profiles == tmp_path / "profiles"
    assert settings.store.url == f"sqlite:///{tmp_path}/emca.db"
    assert [settings.software, settings.pkcs11, settings.listeners, settings.acme] == [{}, {}, {}, {}]


def test_signers_of_both_kinds_stand_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`kind` decides which keys a signer has; credentials are in no folder."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    settings = good(
        tmp_path,
        """
        [signers.disk]
        kind = "software"
        directory = "private"
        [signers.token]
        kind = "pkcs11"
        module = "/lib/p11.so"
        token_label = "emca"
        pin_file = "credential:pin"
        """,
    )
    assert settings.software["disk"].directory == tmp_path / "private"
    assert settings.software["disk"].passphrase_file == tmp_path / "keys.passphrase"
    assert settings.pkcs11["token"].pin_file == Path("credential:pin")
    assert settings.pkcs11["token"].module == Path("/lib/p11.so")


def test_credentials_are_where_systemd_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads the secret later finds a plain path."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/emca")
    settings = good(tmp_path, '[signers.disk]\nkind = "software"\npassphrase_file = "credential:keys"')
    assert settings.software["disk"].passphrase_file == Path("/run/credentials/emca/keys")


def test_issuers_inherit_from_the_default(tmp_path: Path) -> None:
    """A key that an issuer's section does not have is taken from `[issuers.default]`, else from the model."""
    settings = good(
        tmp_path,
        """
        [issuers.default]
        crl_every = "6h"
        crl_urls = ["http://ca.example/{name}.crl"]
        [issuers."the root"]
        crl_every = "30d"
        crl_valid = "60d"
        """,
    )
    root = settings.issuer(IssuerName("the root"))
    assert (root.crl_every, root.crl_valid) == (timedelta(days=30), timedelta(days=60))
    assert root.crl_urls == settings.issuer_defaults.crl_urls == ("http://ca.example/{name}.crl",)
    assert settings.issuer(IssuerName("other")).crl_every == timedelta(hours=6)


def test_endpoints_have_networks_with_fixed_hosts(tmp_path: Path) -> None:
    """Hosts are a table in the file and pairs in the model, in the file's order."""
    settings = good(
        tmp_path,
        """
        [acme.main]
        base_url = "https://ca.example/acme"
        profile = "tls"
        [acme.main.network]
        resolvers = ["127.0.0.1:53"]
        hosts = {"*.emca.test" = "127.0.0.1", "a.test" = "::1"}
        [acme.second]
        base_url = "https://ca.example/second"
        profile = "tls"
        """,
    )
    assert settings.acme["main"].network.hosts == (("*.emca.test", "127.0.0.1"), ("a.test", "::1"))
    assert settings.acme["second"].network.hosts == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sore = 1", "sore: unknown key; known here: acme, chaos, cmp, demo, downloads"),
        ("file = 'x'", "file: unknown key"),
        ("software = {}", "software: unknown key"),
        ("demo = 1", "demo: expected true or false, found 1"),
        ("[listeners.https]\nprot = 443", "listeners.https.prot: unknown key; known here: address"),
        ("[listeners.https]\nport = 70000", "listeners.https.port: expected a whole number from 0 to 65535"),
        ('[listeners.https]\nserves = ["acme", "web"]', "listeners.https.serves: expected a list of different texts"),
        ("listeners = 7", "listeners: expected a table"),
        ('[execution]\nmode = "fork"', 'execution.mode: expected one of "auto", "reactor", "threads"'),
        ('[ocsp]\nvalidity = "soon"', "ocsp.validity: expected a duration"),
        ("signers = 7", "signers: expected tables, [signers.NAME]"),
        ("[signers]\ntoken = 7", "signers.token: expected a table, [signers.token]"),
        ("[signers.token]", 'signers.token.kind: expected one of "software", "pkcs11"'),
        ('[signers.token]\nkind = "pkcs11"', "signers.token.module: this key is required"),
        ('[signers.disk]\nkind = "software"\nfolder = "x"', "signers.disk.folder: unknown key"),
        ("[issuers.default]\ncrl_every = 7", "issuers.default.crl_every: expected a duration"),
        ('[issuers.a]\ncrl_every = "0s"', "issuers.a.crl_every: expected a duration of more than 0s"),
        ("[acme.main]\nbase_url = 'https://a/b'", "acme.main.profile: this key is required"),
        ("[acme.main]\nbase_url = 'https://a/b'\nprofile = 'p'\nnetwork = 7", "acme.main.network: expected a table"),
        ("[acme.main.network]\nhosts = ['a']", "acme.main.network.hosts: expected a table of names and addresses"),
        ("[acme.main.network]\nhosts = {a = 1}", "acme.main.network.hosts: expected a table of names and addresses"),
        ("[acme.main.network", ": TOML was expected"),
    ],
)
def test_a_fault_is_told_with_its_key_and_what_was_expected(tmp_path: Path, text: str, expected: str) -> None:
    """There are no settings then, and one of the problems is that one."""
    settings, problems = read(tmp_path, text)
    assert settings is None
    assert any(problem.startswith(expected) for problem in problems), problems


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """Faults of every table, none of them twice."""
    text = '[signers.a]\n[issuers.default]\nx = 1\n[issuers.a]\ny = 1\n[acme.a]\n[logs]\nlevel = "loud"\n[more]'
    _, problems = read(tmp_path, text)
    keys = [problem.split(":")[0] for problem in problems]
    assert sorted(keys) == [
        "acme.a.base_url",
        "acme.a.profile",
        "issuers.a.y",
        "issuers.default.x",
        "logs.level",
        "more",
        "signers.a.kind",
    ]


def test_no_file_is_a_problem_of_the_file(tmp_path: Path) -> None:
    """The path is told, and why it cannot be read."""
    problems: list[Problem] = []
    assert read_settings(tmp_path / "none.toml", problems) is None
    assert [str(problem) for problem in problems] == [
        f"{tmp_path}/none.toml: a readable file was expected (No such file or directory)"
    ]


@pytest.mark.parametrize("url", ["sqlite:////var/emca.db", "sqlite:///:memory:", "postgresql://emca@db/emca"])
def test_only_relative_sqlite_files_are_placed(url: str) -> None:
    """Other addresses of stores stay as they are; the password's credential is in no folder."""
    store = StoreSettings(url=url, password_file=Path("/etc/emca/credential:password"))
    assert placed(store, Path("/etc/emca")) == StoreSettings(url=url, password_file=Path("credential:password"))


def test_secrets_of_cmp_may_be_credentials(tmp_path: Path) -> None:
    """Those that were not handed over stay in no folder; plain paths are taken from the file's."""
    text = """
[cmp.one]
profile = "machine"
issuer = "issuing"
accept = ["secret"]
secrets = "credential:cmp.secrets"
devices = "devices.toml"
"""
    settings, problems = read(tmp_path, text)
    assert problems == []
    assert settings is not None
    assert settings.cmp["one"].secrets == Path("credential:cmp.secrets")
    assert settings.cmp["one"].devices == tmp_path / "devices.toml"


def test_secrets_of_scep_may_be_credentials(tmp_path: Path) -> None:
    """Those that others are shown as well."""
    text = """
[scep.one]
profile = "device"
[scep.one.challenge]
policy = "webhook"
[scep.one.webhook]
url = "https://decider.example/"
token_file = "credential:token"
[scep.one.intune]
secret_file = "credential:intune"
"""
    settings, problems = read(tmp_path, text)
    assert problems == []
    assert settings is not None
    assert settings.scep["one"].webhook.token_file == Path("credential:token")
    assert settings.scep["one"].intune.secret_file == Path("credential:intune")


def test_every_setting_can_be_written() -> None:
    """Each field of the settings is a key of the file, but for the file itself and what has another shape there."""
    other_shape = {"file", "software", "pkcs11", "issuer_defaults"}
    known = {field.name for field in fields(Settings)} - other_shape
    assert known <= {*reading._PLAIN, *reading._OWN_SHAPE}
