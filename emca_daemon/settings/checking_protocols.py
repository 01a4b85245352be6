"""Cross-checks of what is served: ACME endpoints, OCSP, downloads, and the paths they share."""

from collections.abc import Iterator
from itertools import combinations
from typing import Final
from urllib.parse import urlsplit

from emca_daemon.settings.acme import AcmeSettings, NetworkSettings
from emca_daemon.settings.checking_acme_email import check_email
from emca_daemon.settings.checking_cmp import check_cmp
from emca_daemon.settings.checking_est import check_est
from emca_daemon.settings.checking_perspectives import check_perspectives
from emca_daemon.settings.checking_scep import check_scep
from emca_daemon.settings.checking_tokens import check_tokens
from emca_daemon.settings.findings import (
    NAME,
    Finding,
    is_address,
    is_host_pattern,
    is_network,
    is_path,
    is_resolver,
    is_url,
    names,
)
from emca_daemon.settings.model import Settings
from emca_daemon.settings.scep import USUAL_PATHS

HEALTH_PATHS: Final = (
    ("health", "/healthz"),
    ("health", "/readyz"),
    ("metrics", "/metrics"),
    ("est", "/.well-known/est"),
)
"""Paths that are nobody else's."""


def check_protocols(settings: Settings) -> Iterator[Finding]:
    """Everything about what is served that one key alone does not show."""
    yield from names("acme", settings.acme)
    for name, endpoint in settings.acme.items():
        yield from _endpoint(endpoint, f"acme.{name}")
        yield from _profiles_and_limits(endpoint, f"acme.{name}")
        yield from check_tokens(endpoint, f"acme.{name}")
        yield from check_perspectives(endpoint.perspectives, f"acme.{name}.perspectives")
        yield from check_email(endpoint, f"acme.{name}")
        yield from check_network(endpoint.network, f"acme.{name}.network")
    yield from check_cmp(settings)
    yield from check_scep(settings)
    yield from check_est(settings)
    yield from _paths(settings)


def _endpoint(endpoint: AcmeSettings, key: str) -> Iterator[Finding]:
    address = endpoint.base_url
    if not is_url(address, "https") or "?" in address or not is_path(urlsplit(address).path):
        yield f"{key}.base_url", f"expected https://HOST/PATH without a slash at the end, found `{address}`"
    for field, text in (("terms_of_service", endpoint.terms_of_service), ("website", endpoint.website)):
        if text is not None and not is_url(text, "https", "http"):
            yield f"{key}.{field}", f"expected a web address, found `{text}`"
    if "dns-persist-01" in endpoint.challenges and not endpoint.caa_identities:
        yield f"{key}.caa_identities", "expected the names by which dns-persist-01 records allow this CA"
    if ("device-attest-01" in endpoint.challenges) != bool(endpoint.attestation.formats):
        yield f"{key}.attestation", "expected roots where device-attest-01 is offered, and nowhere else"
    if endpoint.caa == "on" and endpoint.star.offered:
        yield f"{key}.star.offered", "expected no automatic renewal where `caa` is on: CAA is asked for orders only"
    if endpoint.caa == "on" and not endpoint.caa_identities:
        yield f"{key}.caa_identities", "expected the names by which CAA records allow this CA"
    for name in endpoint.caa_identities:
        if not is_host_pattern(name) or name.startswith("*"):
            yield f"{key}.caa_identities", f"expected domain names in lower case, found `{name}`"


def _profiles_and_limits(endpoint: AcmeSettings, key: str) -> Iterator[Finding]:
    yield from names(f"{key}.profiles", endpoint.profiles)
    for name, chosen in endpoint.profiles.items():
        if not NAME.fullmatch(chosen.profile):
            yield f"{key}.profiles.{name}.profile", f"expected the name of a profile, found `{chosen.profile}`"
    page = endpoint.limits.documentation
    if page is not None and not is_url(page, "https", "http"):
        yield f"{key}.limits.documentation", f"expected a web address, found `{page}`"


def check_network(network: NetworkSettings, key: str) -> Iterator[Finding]:
    """What may be asked on the network."""
    if network.dnssec == "required" and not network.resolvers:
        yield f"{key}.resolvers", "expected the resolvers that are trusted to validate (`dnssec` is required)"
    for text in network.resolvers:
        if not is_resolver(text):
            yield f"{key}.resolvers", f"expected ADDRESS or ADDRESS:PORT ([IPv6]:PORT), found `{text}`"
    for text in network.allow_networks:
        if not is_network(text):
            yield f"{key}.allow_networks", f"expected a network such as 10.0.0.0/8, found `{text}`"
    for name, address in network.hosts:
        if not is_host_pattern(name):
            yield f"{key}.hosts.{name}", "expected a name in lower case, or `*.` and one"
        if not is_address(address):
            yield f"{key}.hosts.{name}", f"expected an IP address, found `{address}`"


def _paths(settings: Settings) -> Iterator[Finding]:
    own = [
        ("ocsp.path", settings.ocsp.path),
        ("downloads.crl_path", settings.downloads.crl_path),
        ("downloads.certificate_path", settings.downloads.certificate_path),
    ]
    for key, path in own:
        if not is_path(path):
            yield key, f"expected a path such as /name without a slash at the end, found `{path}`"
    mounted = [(f"acme.{name}.base_url", _path_of(acme.base_url)) for name, acme in settings.acme.items()]
    mounted += [(f"cmp.{name}.paths", path) for name, cmp in settings.cmp.items() for path in cmp.paths]
    mounted += [
        (f"scep.{name}.paths", path)
        for name, scep in settings.scep.items()
        for path in scep.every_path(name)
        if not any(path == other or path.startswith(f"{other}/") for other in USUAL_PATHS)
    ]
    mounted += [
        (f"scep.{name}.{field}", path)
        for name, scep in settings.scep.items()
        for field, path in scep.provisioning_paths(name)
    ]
    for (first, one), (second, other) in combinations([*HEALTH_PATHS, *own, *mounted], 2):
        if one and other and _overlap(one, other) and second not in ("health", "metrics", "est"):
            yield second, f"the path `{other}` is taken: `{first}` is at `{one}`"


def _path_of(address: str) -> str:
    return urlsplit(address).path if is_url(address, "https") else ""


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(other + "/") or other.startswith(one + "/")
