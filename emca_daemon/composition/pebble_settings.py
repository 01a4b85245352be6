"""Pebble's configuration as settings of our own: the same daemon, in memory, with a touch of chaos."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from emca_daemon.errors import Mismatch, Reason, Refused
from emca_daemon.names import IssuerName, ProfileName
from emca_daemon.policy.profile import Profile
from emca_daemon.problems import Problem
from emca_daemon.settings.acme import AcmeProfileSettings, AcmeSettings, NetworkSettings
from emca_daemon.settings.chaos import ChaosSettings
from emca_daemon.settings.model import (
    IssuerSettings,
    ListenerSettings,
    LogSettings,
    Settings,
    StoreSettings,
    TlsSettings,
)
from emca_daemon.settings.pebble import PebbleEnvironment, PebbleProfile, PebbleSettings, Place
from emca_daemon.toml_reading import read_dataclass

ACME_PATH: Final = "/acme"
ENDPOINT: Final = "pebble"
MANAGEMENT: Final = "management"
ROOT_PROFILE: Final = ProfileName("pebble-root")
INTERMEDIATE_PROFILE: Final = ProfileName("pebble-intermediate")
LEAF_PROFILE: Final = ProfileName("pebble-leaf")
_CONNECTIONS: Final = 4096


@dataclass(frozen=True, slots=True)
class PebblePlan:
    """What Pebble's users asked for: the file, the environment, and `resolvers`, the DNS servers of `-dnsserver`."""

    file: Path
    settings: PebbleSettings
    environment: PebbleEnvironment
    resolvers: tuple[str, ...] = ()

    @property
    def profiles(self) -> Mapping[str, PebbleProfile]:
        """What orders may ask for; `default` is what they get without."""
        return self.settings.profiles

    def profile_name(self, name: str) -> ProfileName:
        """How a profile of the file is called here."""
        return ProfileName(f"{LEAF_PROFILE}-{name}")

    @property
    def usual_profile(self) -> ProfileName:
        """What orders get that ask for none: `default`, else the first in the file."""
        if not self.profiles:
            return LEAF_PROFILE
        return self.profile_name("default" if "default" in self.profiles else next(iter(self.profiles)))


def settings_of(plan: PebblePlan, issuer: IssuerName) -> Settings:
    """The settings; raises Refused(UNAVAILABLE) for hosts to listen on that are not known."""
    pebble = plan.settings
    listeners = {"acme": _listener(pebble.listen_address, pebble, "acme")}
    if pebble.management_listen_address is not None:
        listeners[MANAGEMENT] = _listener(pebble.management_listen_address, pebble, MANAGEMENT)
    return Settings(
        file=plan.file,
        demo=True,
        store=StoreSettings(url="sqlite:///:memory:"),
        listeners=listeners,
        issuer_defaults=IssuerSettings(
            ocsp_urls=(pebble.ocsp_responder_url,) if pebble.ocsp_responder_url else (),
        ),
        acme={ENDPOINT: _endpoint(plan, issuer)},
        chaos=_chaos(plan.environment),
        logs=LogSettings(format="console", level="warning"),
    )


def _listener(place: Place, pebble: PebbleSettings, serves: str) -> ListenerSettings:
    return ListenerSettings(
        address=_address(place.host),
        port=place.port,
        serves=(serves,),
        tls=TlsSettings(certificate=pebble.certificate, key=pebble.private_key),
        connections=_CONNECTIONS,
        connections_per_peer=_CONNECTIONS,
    )


def _endpoint(plan: PebblePlan, issuer: IssuerName) -> AcmeSettings:
    pebble, environment = plan.settings, plan.environment
    if pebble.external_account_binding_required:
        external_accounts = "required"
    else:
        external_accounts = "optional" if pebble.external_account_mac_keys else "off"
    return AcmeSettings(
        base_url=f"https://{pebble.listen_address}{ACME_PATH}",
        profile=plan.usual_profile,
        issuer=issuer,
        challenges=("http-01", "dns-01", "tls-alpn-01"),
        external_accounts=external_accounts,
        profiles={
            name: AcmeProfileSettings(profile=plan.profile_name(name), description=profile.description or name)
            for name, profile in plan.profiles.items()
        },
        terms_of_service="data:text/plain,Do%20what%20thou%20wilt",
        http_port=pebble.http_port,
        tls_port=pebble.tls_port,
        validation_attempts=1,  # Pebble does not try again, and who tests failures wants to see them soon.
        orders_per_page=environment.orders_per_page,
        always_valid=environment.always_valid,
        network=NetworkSettings(
            resolvers=plan.resolvers,
            hosts=() if plan.resolvers else known_hosts(Path("/etc/hosts")),
            allow_networks=("0.0.0.0/0", "::/0"),
        ),
    )


def _chaos(environment: PebbleEnvironment) -> ChaosSettings:
    return ChaosSettings(
        bad_nonces=environment.nonce_reject / 100,
        slow_validations=timedelta(seconds=environment.sleep_seconds),
        forgotten_authorizations=1 - environment.authz_reuse / 100,
    )


def profiles_of(plan: PebblePlan) -> dict[ProfileName, Profile]:
    """The profiles of roots, of intermediates and of what the file lists; raises Refused(MALFORMED)."""
    authority = {
        "lint": "none",
        "validity": {"duration": "30y"},
        "subject": {"attributes": [{"type": "commonName", "use": "required"}]},
        "names": {"maximum": 0},
        "key_usage": {"bits": ["digital-signature", "key-cert-sign", "crl-sign"]},
    }
    made = {
        ROOT_PROFILE: _profile(ROOT_PROFILE, {**authority, "kind": "root"}),
        INTERMEDIATE_PROFILE: _profile(
            INTERMEDIATE_PROFILE, {**authority, "kind": "sub-ca", "key": {"duplicates": "allow"}}
        ),
    }
    seconds = plan.settings.certificate_validity_period or 157_766_400
    made[LEAF_PROFILE] = _leaf(LEAF_PROFILE, seconds, plan.settings.domain_blocklist)
    for name, profile in plan.profiles.items():
        key = plan.profile_name(name)
        made[key] = _leaf(key, profile.validity_period, plan.settings.domain_blocklist)
    return made


def _leaf(name: ProfileName, seconds: int, blocked: tuple[str, ...]) -> Profile:
    """A TLS server's certificate for nearly any name; a blocked name blocks those beneath it.

    It begins up to a minute ago, so that orders may ask for one that begins at the moment that clients send them; a
    short one hardly loses by that.
    """
    excluded = [pattern for one in blocked for pattern in (one, f".{one}")]
    backdate = min(60, seconds // 10)
    table = {
        "lint": "none",
        "validity": {"duration": f"{seconds}s", "backdate": f"{backdate}s", "requested": "allow"},
        "subject": {"common_name": "first-dns-name", "unlisted": "drop"},
        "names": {
            "minimum": 1,
            "dns": {"wildcards": True, "single_label": True, "underscores": True, "excluded": excluded},
            "ip": {},
        },
        "key": {
            "algorithms": ["rsa", "p-256", "p-384", "p-521", "ed25519"],
            "duplicates": "allow",
        },
        "key_usage": {"bits": ["digital-signature"]},
        "extended_key_usage": {"purposes": ["server-auth"]},
        "requested_extensions": {"copy": ["1.3.6.1.5.5.7.1.24"]},
    }
    return _profile(name, table)


def _profile(name: ProfileName, table: Mapping[str, object]) -> Profile:
    problems: list[Problem] = []
    profile = read_dataclass(Profile, {**table, "name": name}, f"{name}.toml", "", problems)
    if profile is None:
        mismatches = tuple(Mismatch(found.key, found.expected, Reason.MALFORMED) for found in problems)
        raise Refused(Reason.MALFORMED, f"no profile `{name}` can be made of this configuration", mismatches)
    return profile


def resolver_of(text: str) -> str:
    """`-dnsserver HOST:PORT` with an address for HOST, `:PORT` being this machine; raises Refused."""
    try:
        place = Place.parse(text)
    except ValueError as error:
        raise Refused(Reason.MALFORMED, f"-dnsserver {text}: expected {error}") from error
    host = _resolved(place.host or "127.0.0.1")
    return str(Place(host, place.port))


def known_hosts(file: Path) -> tuple[tuple[str, str], ...]:
    """The names of a hosts(5) file, as Go's resolver asks them first; IPv4 wins where a name has both."""
    found: dict[str, str] = {"localhost": "127.0.0.1"}
    text = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        for name in names:
            if _is_address(address) and (":" not in address or name.lower() not in found):
                found[name.lower()] = address
    return tuple(found.items())


def _address(host: str) -> str:
    """The address to listen on."""
    return _resolved(host) if host else "0.0.0.0"  # noqa: S104 - as Pebble does


def _resolved(host: str) -> str:
    if _is_address(host):
        return host
    try:
        return socket.gethostbyname(host)
    except OSError as error:
        raise Refused(Reason.UNAVAILABLE, f"the host {host} is not known here: {error.strerror}") from error


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
