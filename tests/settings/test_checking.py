"""Settings whole."""

from dataclasses import is_dataclass
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emca_daemon.errors import Mismatch, Reason, Refused
from emca_daemon.settings import model
from emca_daemon.settings.checking import check, load_settings


def problems(folder: Path, text: str, *, files: bool = False) -> list[str]:
    """The problems of a text, as key and sentence."""
    file = folder / "emca.toml"
    file.write_text(text, encoding="utf-8")
    return [f"{problem.key}: {problem.expected}" for problem in check(file, files=files)[1]]


@pytest.mark.parametrize(
    "text",
    [
        "",
        '[store]\nurl = "sqlite:///:memory:"',
        '[store]\nurl = "postgresql://emca@db:5433/emca"\npassword_file = "secret"',
        '[store]\nurl = "postgresql:///emca?host=/run/postgresql"',
        '[signers.a]\nkind = "pkcs11"\nmodule = "x"\npin_file = "y"\ntoken_serial = "1"',
        '[issuers.default]\nocsp_key = "a:b:c"\n[signers.a]\nkind = "software"',
        '[issuers.default]\nocsp_profile = "ocsp"\n[signers.software]\nkind = "software"',
        '[issuers.a]\ncrl_urls = ["http://ca.example/{name}.crl", "https://ca.example/x"]',
    ],
)
def test_good_settings_have_no_problems(tmp_path: Path, text: str) -> None:
    """What fits together is read without a word."""
    assert problems(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[store]\nurl = "mysql://emca@db/emca"', "store.url: expected sqlite:///PATH or postgresql://"),
        ('[store]\nurl = "sqlite:///"', "store.url: expected sqlite:///PATH or postgresql://"),
        (
            '[store]\nurl = "postgresql://emca:secret@db/emca"',
            "store.url: expected postgresql://USER@HOST/DATABASE; the",
        ),
        ('[store]\nurl = "postgresql://emca@db"', "store.url: expected postgresql://USER@HOST/DATABASE; the password"),
        ('[store]\nurl = "postgresql://emca@db:x/emca"', "store.url: expected postgresql://USER@HOST/DATABASE; the"),
        ('[store]\npassword_file = "x"', "store.password_file: SQLite has no password"),
        ('[signers."a b"]\nkind = "software"', "signers.a b: expected a name of letters"),
        ('[signers.a]\nkind = "pkcs11"\nmodule = "x"\npin_file = "y"', "signers.a.token_label: a token is found by"),
        ('[issuers.default]\ncrl_every = "4d"', "issuers.default.crl_valid: expected more than `crl_every`"),
        ('[issuers."../a"]', "issuers.../a: expected a name of letters"),
        ('[issuers.a]\nocsp_urls = ["ldap://x"]', "issuers.a.ocsp_urls: expected a web address"),
        ('[issuers.a]\nissuer_urls = ["http://x/{label}"]', "issuers.a.issuer_urls: expected a web address"),
        (
            '[issuers.a]\nalternative_names = ["ca"]',
            "issuers.a.alternative_names: expected `email:ca@example.com`",
        ),
        (
            '[issuers.a]\nalternative_names = ["dns:a..b"]',
            "issuers.a.alternative_names: expected `email:ca@example.",
        ),
        ('[issuers.a]\nocsp_key = "label"', "issuers.a.ocsp_key: expected SIGNER:LABEL, found `label`"),
        ('[issuers.a]\nocsp_key = "disk:label"', "issuers.a.ocsp_key: there is no signer `disk`, [signers.disk]"),
        (
            '[listeners.a]\nserves = ["ocsp"]\ntls = {certificate = "a", key = "b", issuer = "../x", profile = "p q"}',
            "listeners.a.tls.issuer: expected the name of an issuer, found `../x`",
        ),
        (
            '[listeners.a]\nserves = ["ocsp"]\ntls = {certificate = "a", key = "b", issuer = "../x", profile = "p q"}',
            "listeners.a.tls.profile: expected the name of a profile, found `p q`",
        ),
        ('[acme.a]\nbase_url = "https://a/b"\nprofile = "../x"', "acme.a.profile: expected the name of a profile"),
    ],
)
def test_what_does_not_fit_is_told(tmp_path: Path, text: str, expected: str) -> None:
    """With the key that is to be changed, and what was expected there."""
    assert any(problem.startswith(expected) for problem in problems(tmp_path, text)), problems(tmp_path, text)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    """Faults of form hide no cross-check, be they in the same table or in another."""
    found = problems(
        tmp_path,
        'nonsense = 1\n[store]\nurl = "mysql://x"\n[listeners.http]\naddress = "here"\nport = "x"\n'
        'serves = ["est"]\n[acme.default]\nbase_url = "foo"\nprofile = "nope"\nchallenges = 3\n',
        files=True,
    )
    (tmp_path / "profiles").mkdir()
    assert [problem.split(": ")[0] for problem in found] == [
        *("nonsense", "listeners.http.port", "acme.default.challenges"),
        *("store.url", "listeners.http.address", "listeners.http.serves", "listeners.http.tls", "acme"),
        *("acme.default.base_url", "profiles"),
    ]
    again = problems(tmp_path, 'nonsense = 1\n[acme.default]\nbase_url = "foo"\nprofile = "nope"\n', files=True)
    assert [problem.split(": ")[0] for problem in again] == [
        "nonsense",
        "acme.default.base_url",
        "acme.default.profile",
    ]


def test_a_password_in_an_address_is_not_repeated(tmp_path: Path) -> None:
    """The problem shows nothing of the secret that should not be there."""
    assert "secret" not in str(problems(tmp_path, '[store]\nurl = "postgresql://emca:secret@db/emca"'))


def test_refused_settings_hold_every_problem(tmp_path: Path) -> None:
    """`load_settings` raises once, with a mismatch for each problem; without any it gives the settings."""
    file = tmp_path / "emca.toml"
    file.write_text('[issuers.a]\ncrl_every = "9d"\n[store]\nurl = "x"', encoding="utf-8")
    with pytest.raises(Refused) as refusal:
        load_settings(file, files=False)
    assert refusal.value.reason is Reason.MALFORMED
    assert [mismatch.field for mismatch in refusal.value.mismatches] == ["store.url", "issuers.a.crl_valid"]
    assert all(isinstance(mismatch, Mismatch) and mismatch.detail for mismatch in refusal.value.mismatches)
    file.write_text("", encoding="utf-8")
    assert load_settings(file, files=False).file == file


def test_settings_that_cannot_be_read_are_refused_too(tmp_path: Path) -> None:
    """A file without form has problems of form alone."""
    file = tmp_path / "emca.toml"
    file.write_bytes(b"\xff")
    settings, found = check(file)
    assert settings is None
    assert [problem.key for problem in found] == [""]
    with pytest.raises(Refused, match="cannot be used"):
        load_settings(file)


def test_the_machine_is_looked_at_unless_told_otherwise(tmp_path: Path) -> None:
    """An empty file wants its folder of profiles."""
    assert problems(tmp_path, "", files=True) == [f"profiles: expected a folder at {tmp_path}/profiles"]
    assert problems(tmp_path, "", files=False) == []


TEXTS = st.one_of(
    st.text(max_size=20), st.sampled_from(["1d", "a:b", "https://a/b", "127.0.0.1", "sqlite:///x", "pkcs11"])
)
VALUES = st.recursive(
    st.one_of(TEXTS, st.integers(), st.booleans(), st.floats()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=8,
)
KEYS = sorted({key for cls in vars(model).values() if is_dataclass(cls) for key in cls.__dataclass_fields__})
TABLES = st.dictionaries(st.sampled_from([*KEYS, "signers", "kind", "default"]), VALUES, max_size=4)
FILES = st.dictionaries(st.sampled_from([*KEYS, "signers"]), st.one_of(VALUES, TABLES, st.dictionaries(TEXTS, TABLES)))


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(tables=FILES)
def test_whatever_stands_in_a_file_there_are_settings_or_problems(tables: dict[str, object]) -> None:
    """No table, however odd, makes the checks fail."""
    with (
        patch("emca_daemon.settings.reading.read_toml", lambda _file, _problems: tables),
        patch("emca_daemon.settings.stand_ins.read_toml", lambda _file, _problems: tables),
    ):
        read, found = check(Path("/nowhere/emca.toml"))
    assert read is not None or found
