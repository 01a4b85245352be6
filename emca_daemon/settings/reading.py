"""`conf/emca.toml` into settings: the file's own shape, key by key, before anything is cross-checked.

The file differs from the model where that reads better: signers of every kind stand under `[signers.NAME]` with a
`kind`, `[issuers.default]` holds what other issuers inherit, and fixed host names are a table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeVar

from emca_daemon.names import IssuerName
from emca_daemon.problems import Problem
from emca_daemon.settings.acme import AcmeSettings
from emca_daemon.settings.cmp import CmpSettings
from emca_daemon.settings.model import (
    IssuerSettings,
    Pkcs11SignerSettings,
    Settings,
    SoftwareSignerSettings,
    StoreSettings,
)
from emca_daemon.settings.scep import ScepSettings
from emca_daemon.settings.secrets import secret_path
from emca_daemon.toml_reading import read_dataclass, read_toml

Table = Mapping[str, object]
T = TypeVar("T")

SQLITE: Final = "sqlite:///"
DEFAULT_ISSUER: Final = "default"
_PLAIN: Final = (
    *("chaos", "cmp", "demo", "downloads", "est", "execution", "listeners", "logs", "ocsp", "profiles", "scep"),
    *("store", "user", "weak_keys"),
)
_OWN_SHAPE: Final = ("acme", "issuers", "signers")


def read_settings(file: Path, problems: list[Problem]) -> Settings | None:
    """The settings in a file; None, and every fault of form added to `problems`, where there is any."""
    tables = read_toml(file.absolute(), problems)
    return None if tables is None else settings_of(file, tables, problems)


def settings_of(file: Path, tables: Table, problems: list[Problem]) -> Settings | None:
    """The same for the tables of a file."""
    return _File(file.absolute(), problems).settings(tables)


@dataclass(frozen=True, slots=True)
class _File:
    """The file being read and what was found wrong so far."""

    path: Path
    problems: list[Problem] = field(default_factory=list)

    def settings(self, tables: Table) -> Settings | None:
        """The whole."""
        before = len(self.problems)
        plain = {key: value for key, value in tables.items() if key in _PLAIN}
        known = sorted((*_PLAIN, *_OWN_SHAPE))
        for key in tables:
            if key not in known:
                self.say(key, f"unknown key; known here: {', '.join(known)}")
        top = self.read(Settings, {**plain, "file": str(self.path)}, "")
        software, pkcs11 = self.signers(self.subtables(tables, "signers"))
        default, issuers = self.issuers(self.subtables(tables, "issuers"))
        acme = self.acme(self.subtables(tables, "acme"))
        if top is None or len(self.problems) > before:
            return None
        return replace(
            top,
            store=placed(top.store, self.path.parent),
            software=software,
            pkcs11=pkcs11,
            issuer_defaults=default,
            issuers=issuers,
            acme=acme,
            cmp={name: with_secret_paths(endpoint) for name, endpoint in top.cmp.items()},
            scep={name: with_challenge_path(endpoint) for name, endpoint in top.scep.items()},
        )

    def signers(
        self, tables: Mapping[str, Table]
    ) -> tuple[dict[str, SoftwareSignerSettings], dict[str, Pkcs11SignerSettings]]:
        """The signers of both kinds, by name."""
        software: dict[str, SoftwareSignerSettings] = {}
        pkcs11: dict[str, Pkcs11SignerSettings] = {}
        for name, table in tables.items():
            key, rest = f"signers.{name}", {part: value for part, value in table.items() if part != "kind"}
            match table.get("kind"):
                case "software":
                    if keys := self.read(SoftwareSignerSettings, rest, key):
                        software[name] = replace(keys, passphrase_file=secret_path(keys.passphrase_file))
                case "pkcs11":
                    if token := self.read(Pkcs11SignerSettings, rest, key):
                        pkcs11[name] = replace(token, pin_file=secret_path(token.pin_file))
                case _:
                    self.say(f"{key}.kind", 'expected one of "software", "pkcs11"')
        return software, pkcs11

    def issuers(self, tables: Mapping[str, Table]) -> tuple[IssuerSettings, dict[IssuerName, IssuerSettings]]:
        """What issuers inherit, and the issuers with a section of their own."""
        shared = tables.get(DEFAULT_ISSUER, {})
        default = self.read(IssuerSettings, shared, f"issuers.{DEFAULT_ISSUER}")
        inherited = shared if default is not None else {}
        issuers: dict[IssuerName, IssuerSettings] = {}
        for name, table in tables.items():
            if name != DEFAULT_ISSUER:
                issuer = self.read(IssuerSettings, {**inherited, **table}, f"issuers.{name}")
                issuers[IssuerName(name)] = issuer or IssuerSettings()
        return default or IssuerSettings(), issuers

    def acme(self, tables: Mapping[str, Table]) -> dict[str, AcmeSettings]:
        """The ACME endpoints, by name."""
        endpoints: dict[str, AcmeSettings] = {}
        for name, table in tables.items():
            key = f"acme.{name}"
            if endpoint := self.read(AcmeSettings, with_host_pairs(table, key, str(self.path), self.problems), key):
                endpoints[name] = endpoint
        return endpoints

    def subtables(self, tables: Table, key: str) -> dict[str, Table]:
        """The named tables below a key; none, and a problem, where something else stands there."""
        found = tables.get(key, {})
        if not isinstance(found, dict):
            self.say(key, f"expected tables, [{key}.NAME]")
            return {}
        for name in [name for name, table in found.items() if not isinstance(table, dict)]:
            self.say(f"{key}.{name}", f"expected a table, [{key}.{name}]")
        return {name: table for name, table in found.items() if isinstance(table, dict)}

    def read(self, cls: type[T], table: Table, key: str) -> T | None:
        """One dataclass."""
        return read_dataclass(cls, table, str(self.path), key, self.problems)

    def say(self, key: str, expected: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(str(self.path), key, expected))


def with_host_pairs(table: Table, key: str, file: str, problems: list[Problem]) -> Table:
    """A table in which `network.hosts`, a table in the file, is the model's list of pairs."""
    network = table.get("network")
    if not isinstance(network, dict) or "hosts" not in network:
        return table
    hosts = network["hosts"]
    if isinstance(hosts, dict) and all(isinstance(address, str) for address in hosts.values()):
        pairs = [list(pair) for pair in hosts.items()]
    else:
        place = f"{key}.network.hosts".removeprefix(".")
        problems.append(Problem(file, place, 'expected a table of names and addresses, {"NAME" = "ADDRESS"}'))
        pairs = []
    return {**table, "network": {**network, "hosts": pairs}}


def with_secret_paths(endpoint: CmpSettings) -> CmpSettings:
    """A CMP endpoint whose files with secrets, where they are credentials, lie where systemd says."""
    secrets, devices = ((None if path is None else secret_path(path)) for path in (endpoint.secrets, endpoint.devices))
    return replace(endpoint, secrets=secrets, devices=devices)


def with_challenge_path(endpoint: ScepSettings) -> ScepSettings:
    """A SCEP endpoint whose secrets, where they are credentials, lie where systemd says."""
    return replace(
        endpoint,
        challenge=replace(endpoint.challenge, secret_file=_secret_path(endpoint.challenge.secret_file)),
        webhook=replace(
            endpoint.webhook,
            secret_file=_secret_path(endpoint.webhook.secret_file),
            token_file=_secret_path(endpoint.webhook.token_file),
        ),
        intune=replace(endpoint.intune, secret_file=_secret_path(endpoint.intune.secret_file)),
    )


def _secret_path(path: Path | None) -> Path | None:
    return None if path is None else secret_path(path)


def placed(store: StoreSettings, folder: Path) -> StoreSettings:
    """A store whose SQLite file, where it is one with a relative path, lies in that folder."""
    if store.password_file is not None:
        store = replace(store, password_file=secret_path(store.password_file))
    path = store.url.removeprefix(SQLITE)
    if path in (store.url, ":memory:", ""):
        return store
    return replace(store, url=SQLITE + str(folder / path))
