"""The settings that the project ships: loadable, complete, and true about the defaults."""

import dataclasses
import re
import tomllib
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from emca_daemon.problems import Problem
from emca_daemon.settings import (
    acme,
    acme_email,
    acme_tokens,
    attestation,
    chaos,
    cmp,
    corroboration,
    est,
    model,
    scep,
    scep_outside,
    scep_provisioning,
)
from emca_daemon.settings.checking import load_settings
from emca_daemon.toml_reading import read_dataclass
from tests.architecture.tree import ROOT

CONF = ROOT / "conf"
SECTIONS: dict[str, type[object]] = {
    "": model.Settings,
    "store": model.StoreSettings,
    "signers.software": model.SoftwareSignerSettings,
    "signers.token": model.Pkcs11SignerSettings,
    "listeners.http": model.ListenerSettings,
    "listeners.https.tls": model.TlsSettings,
    "issuers.default": model.IssuerSettings,
    "acme.default": acme.AcmeSettings,
    "acme.default.network": acme.NetworkSettings,
    "acme.default.profiles.short": acme.AcmeProfileSettings,
    "acme.default.limits": acme.AcmeLimitsSettings,
    "acme.default.star": acme.AcmeStarSettings,
    "acme.default.token_authorities.example": acme_tokens.AcmeTokenAuthoritySettings,
    "acme.default.email": acme_email.AcmeEmailSettings,
    "acme.default.attestation": attestation.AcmeAttestationSettings,
    "acme.default.perspectives": corroboration.AcmePerspectivesSettings,
    "acme.default.perspectives.remotes.east": corroboration.AcmePerspectiveSettings,
    "est.default": est.EstSettings,
    "est.default.http": est.EstHttpSettings,
    "est.default.certificates": est.EstCertificateSettings,
    "est.default.serverkeygen": est.EstKeySettings,
    "cmp.default": cmp.CmpSettings,
    "scep.default": scep.ScepSettings,
    "scep.default.challenge": scep.ScepChallengeSettings,
    "scep.default.users": scep_provisioning.ScepUsersSettings,
    "scep.default.page": scep_provisioning.ScepPageSettings,
    "scep.default.api": scep_provisioning.ScepApiSettings,
    "scep.default.jamf": scep_outside.ScepJamfSettings,
    "scep.default.webhook": scep_outside.ScepWebhookSettings,
    "scep.default.intune": scep_outside.ScepIntuneSettings,
    "scep.default.calls": scep_outside.ScepCallsSettings,
    "scep.default.renewal": scep.ScepRenewalSettings,
    "scep.default.legacy": scep.ScepLegacySettings,
    "chaos": chaos.ChaosSettings,
    "ocsp": model.OcspSettings,
    "downloads": model.DownloadsSettings,
    "execution": model.ExecutionSettings,
    "logs": model.LogSettings,
}
"""The table in which each class of the model has all of its keys."""

NOT_IN_THE_FILE = {"file", "software", "pkcs11", "issuer_defaults"}
TABLE = re.compile(r"(?:# )?\[([a-z_.]+)\]")
KEY = re.compile(r"(# )?([a-z_0-9]+) = (.+)")


@dataclasses.dataclass
class Documented:
    """What a table of the file says about its keys: those that are set, and those behind `#`."""

    values: dict[str, object] = dataclasses.field(default_factory=dict)
    defaults: dict[str, object] = dataclasses.field(default_factory=dict)
    explained: set[str] = dataclasses.field(default_factory=set)


def documented() -> dict[str, Documented]:
    """`conf/emca.toml` as its readers see it, comments included."""
    tables: dict[str, Documented] = defaultdict(Documented)
    table, sentence = "", False
    for line in (CONF / "emca.toml").read_text(encoding="utf-8").splitlines():
        if heading := TABLE.fullmatch(line):
            table = heading[1]
        elif key := KEY.fullmatch(line):
            found = tables[table]
            if key[3] != "unset":
                (found.defaults if key[1] else found.values)[key[2]] = tomllib.loads(f"value = {key[3]}")["value"]
            if sentence or key[2] == "kind" or key[2] in found.explained:
                found.explained.add(key[2])
        sentence = line.startswith("# ") and not KEY.fullmatch(line)
    return tables


def required(cls: type[object]) -> set[str]:
    """The keys that have no default."""
    return {
        field.name
        for field in dataclasses.fields(cls)  # type: ignore[arg-type]
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }


def keys(cls: type[object]) -> set[str]:
    """The keys of a class that are written as keys, not as tables."""
    fields = dataclasses.fields(cls)  # type: ignore[arg-type]
    tables = {field.name for field in fields if field.default_factory is not dataclasses.MISSING or field.name == "tls"}
    return {field.name for field in fields} - tables - NOT_IN_THE_FILE


def read(cls: type[object], table: dict[str, object]) -> object:
    """An instance from a table that must be right."""
    problems: list[Problem] = []
    built = read_dataclass(cls, table, str(CONF / "emca.toml"), "", problems)
    assert problems == []
    return built


@pytest.mark.parametrize(("section", "cls"), SECTIONS.items(), ids=[section or "top" for section in SECTIONS])
def test_every_key_is_there_with_a_sentence(section: str, cls: type[object]) -> None:
    """No key of the model is missing, and a comment stands above each."""
    assert keys(cls) <= documented()[section].explained


@pytest.mark.parametrize(("section", "cls"), SECTIONS.items(), ids=[section or "top" for section in SECTIONS])
def test_every_commented_default_is_the_default(section: str, cls: type[object]) -> None:
    """Uncommenting a line that shows a default changes nothing."""
    table = documented()[section]
    shown = {key: value for key, value in table.defaults.items() if key != "kind"}
    if "hosts" in shown:
        shown["hosts"] = list(shown["hosts"])  # type: ignore[call-overload]
    needed = {key: {**table.defaults, **table.values}.get(key, "emca.toml") for key in required(cls)}
    assert read(cls, {**shown, **needed}) == read(cls, needed)


def test_every_class_of_the_model_is_looked_at() -> None:
    """A new table in the model must find its place in the file, and in this test."""
    modules = (model, acme, corroboration, est, scep)
    found = [value for module in modules for value in vars(module).values()]
    classes = {cls for cls in found if isinstance(cls, type) and dataclasses.is_dataclass(cls)}
    assert classes - {acme.Rate} == set(SECTIONS.values())


@pytest.mark.parametrize("name", ["emca.toml", "starter.toml", "examples/postgresql.toml", "examples/softhsm.toml"])
def test_what_is_shipped_can_be_used(name: str) -> None:
    """Each file passes every check that does not look at the machine, and its profiles are in `conf/profiles`."""
    settings = load_settings(CONF / name, files=False)
    assert settings.profiles.resolve() == CONF / "profiles"
    used = {acme.profile for acme in settings.acme.values()}
    used |= {listener.tls.profile for listener in settings.listeners.values() if listener.tls and listener.tls.profile}
    used |= {settings.issuer_defaults.ocsp_profile} - {None}  # type: ignore[arg-type]
    missing = {profile for profile in used if not (CONF / "profiles" / f"{profile}.toml").is_file()}
    assert missing == set()


def test_another_store_or_signer_is_a_change_of_settings_alone() -> None:
    """The PostgreSQL example differs from the main file in the store, the SoftHSM2 one in its token."""
    main = load_settings(CONF / "emca.toml", files=False)
    postgresql = load_settings(CONF / "examples/postgresql.toml", files=False)
    softhsm = load_settings(CONF / "examples/softhsm.toml", files=False)
    assert replace(postgresql, file=main.file, profiles=main.profiles, store=main.store) == main
    assert replace(softhsm, file=main.file, profiles=main.profiles, pkcs11={}) == main
    assert postgresql.store.url.startswith("postgresql://")
    assert softhsm.pkcs11["token"].module.name == "libsofthsm2.so"
    assert isinstance(main.file, Path)
