"""Pebble's configuration: its JSON file and its `PEBBLE_*` environment variables, as its users have them.

Names in the file mean the same in any case, and names that are not known are passed over, as with Pebble; paths are
taken from the current folder. What an environment variable says wrongly counts as not said.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Final

from emca_daemon.errors import Mismatch, Reason, Refused
from emca_daemon.problems import Problem
from emca_daemon.settings.limits import limited
from emca_daemon.toml_reading import between, read_dataclass

LONGEST_FILE: Final = 1 << 20
_PORT: Final = between(1, 65_535)
_SECONDS: Final = between(0, 1 << 31)
_TRUE: Final = ("1", "t", "T", "true", "True", "TRUE")


@dataclass(frozen=True, slots=True)
class Place:
    """Where to listen, from `HOST:PORT`; an empty host is every address."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Place":
        """From `HOST:PORT`, `:PORT` or `[IPV6]:PORT`; raises ValueError."""
        host, colon, port = text.rpartition(":")
        if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535:
            raise ValueError('HOST:PORT, such as "0.0.0.0:14000"')
        return cls(host.removeprefix("[").removesuffix("]"), int(port))

    def __str__(self) -> str:
        """As it stands in addresses."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAfterSettings:
    """What Retry-After says of authorizations and orders on their way, in seconds."""

    authz: int = limited(3, _SECONDS)
    order: int = limited(5, _SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PebbleProfile:
    """A sort of certificates that orders may ask for; the validity in seconds."""

    description: str = ""
    validity_period: int = limited(7_776_000, between(1, 1 << 31))


@dataclass(frozen=True, slots=True, kw_only=True)
class PebbleSettings:
    """The file: its keys are these names in camel case, inside of `{"pebble": {...}}`."""

    listen_address: Place = Place("", 14_000)
    management_listen_address: Place | None = None
    certificate: Path
    private_key: Path
    http_port: int = limited(5002, _PORT)
    tls_port: int = limited(5001, _PORT)
    ocsp_responder_url: str = ""
    external_account_binding_required: bool = False
    external_account_mac_keys: dict[str, str] = field(default_factory=dict, repr=False)
    domain_blocklist: tuple[str, ...] = ()
    certificate_validity_period: int = limited(157_766_400, _SECONDS)
    retry_after: RetryAfterSettings = field(default_factory=RetryAfterSettings)
    key_algorithm: str = ""
    profiles: dict[str, PebbleProfile] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PebbleEnvironment:
    """What the environment asks for; `nonce_reject` and `authz_reuse` are in percent, `sleep_seconds` 0 for none."""

    always_valid: bool = False
    sleep_seconds: int = 5
    nonce_reject: int = 5
    authz_reuse: int = 50
    alternate_roots: int = 0
    chain_length: int = 1
    orders_per_page: int = 3

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "PebbleEnvironment":
        """From the variables of a process."""

        def number(name: str, default: int, most: int, least: int = 0) -> int:
            text = environment.get(f"PEBBLE_{name}", "")
            said = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default
            return min(said, most) if said >= least else default

        asleep = environment.get("PEBBLE_VA_NOSLEEP", "") not in _TRUE
        return cls(
            always_valid=environment.get("PEBBLE_VA_ALWAYS_VALID", "") in _TRUE,
            sleep_seconds=number("VA_SLEEPTIME", 5, 60, 1) if asleep else 0,
            nonce_reject=number("WFE_NONCEREJECT", 5, 100),
            authz_reuse=number("AUTHZREUSE", 50, 100),
            alternate_roots=number("ALTERNATE_ROOTS", 0, 100),
            chain_length=number("CHAIN_LENGTH", 1, 100, 1),
            orders_per_page=number("WFE_ORDERS_PER_PAGE", 3, 1000, 1),
        )


def read_pebble(file: Path, folder: Path) -> PebbleSettings:
    """The settings in a file, its relative paths taken from `folder`; raises Refused with everything that is wrong."""
    try:
        with file.open("rb") as opened:
            text = opened.read(LONGEST_FILE + 1)
        document = json.loads(text) if len(text) <= LONGEST_FILE else None
    except OSError as error:
        raise Refused(Reason.UNAVAILABLE, f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise Refused(Reason.MALFORMED, f"{file} is not JSON: {error}") from error
    outer = _lowered(document)
    if outer is None or (table := _lowered(outer.get("pebble"))) is None:
        raise Refused(Reason.MALFORMED, f'{file} is not a configuration of Pebble, {{"pebble": {{...}}}}')
    problems: list[Problem] = []
    settings = read_dataclass(PebbleSettings, _table(table), str(folder / "pebble.json"), "pebble", problems)
    if settings is None:
        mismatches = tuple(Mismatch(found.key, found.expected, Reason.MALFORMED) for found in problems)
        raise Refused(Reason.MALFORMED, f"{file} cannot be used", mismatches)
    management = settings.management_listen_address
    return settings if management is None or management.port else replace(settings, management_listen_address=None)


def _table(given: Mapping[str, object]) -> Mapping[str, object]:
    """The keys known, in our spelling; the inner tables too."""
    table = _known(PebbleSettings, given)
    if table.get("management_listen_address") == "":
        del table["management_listen_address"]
    if (wait := _lowered(table.get("retry_after"))) is not None:
        table["retry_after"] = _known(RetryAfterSettings, wait)
    profiles = table.get("profiles")
    if isinstance(profiles, dict):
        inner = {name: _lowered(profile) for name, profile in profiles.items()}
        table["profiles"] = {
            name: profiles[name] if profile is None else _known(PebbleProfile, profile)
            for name, profile in inner.items()
        }
    return table


def _lowered(value: object) -> Mapping[str, object] | None:
    """A JSON object with its names in lower case and without what is null; None for other values."""
    if not isinstance(value, dict):
        return None
    return {str(name).lower(): one for name, one in value.items() if one is not None}


def _known(cls: type[object], given: Mapping[str, object]) -> dict[str, object]:
    """What a dataclass has fields for."""
    names = {item.name.replace("_", ""): item.name for item in fields(cls)}  # type: ignore[arg-type]
    return {names[name]: value for name, value in given.items() if name in names}
