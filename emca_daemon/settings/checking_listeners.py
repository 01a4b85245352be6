"""Cross-checks of listeners: what they serve, where they listen, and their TLS."""

from collections.abc import Iterator
from ipaddress import ip_address
from itertools import combinations

from emca_daemon.settings.findings import Finding, is_address, is_host_pattern, names
from emca_daemon.settings.model import ListenerSettings, Settings, TlsSettings


def check_listeners(settings: Settings) -> Iterator[Finding]:
    """Everything about listeners that one key alone does not show."""
    yield from names("listeners", settings.listeners)
    for name, listener in settings.listeners.items():
        key = f"listeners.{name}"
        yield from _place(listener, key)
        if not listener.serves:
            yield f"{key}.serves", "expected at least one thing to serve"
        if "acme" in listener.serves and not settings.acme:
            yield f"{key}.serves", "`acme` needs an endpoint, [acme.NAME]"
        if "cmp" in listener.serves and not settings.cmp:
            yield f"{key}.serves", "`cmp` needs an endpoint, [cmp.NAME]"
        if "scep" in listener.serves and not settings.scep:
            yield f"{key}.serves", "`scep` needs an endpoint, [scep.NAME]"
        if "est" in listener.serves:
            yield from _est(listener, key, settings)
        if listener.tls is not None:
            yield from _tls(listener.tls, f"{key}.tls")
    yield from _clashes(settings.listeners)
    yield from _unserved(settings)


def _place(listener: ListenerSettings, key: str) -> Iterator[Finding]:
    if not is_address(listener.address):
        yield f"{key}.address", f"expected an IP address, found `{listener.address}`"
    if listener.socket is not None and listener.port:
        yield f"{key}.port", "a listener has a systemd socket or a port, not both"


def _clashes(listeners: dict[str, ListenerSettings]) -> Iterator[Finding]:
    for (first, one), (second, other) in combinations(listeners.items(), 2):
        if one.socket is not None and one.socket == other.socket:
            yield f"listeners.{second}.socket", f"listener `{first}` has that socket already"
        if one.socket is None and other.socket is None and _same_place(one, other):
            yield f"listeners.{second}.port", f"listener `{first}` is at that address and port already"


def _same_place(one: ListenerSettings, other: ListenerSettings) -> bool:
    if one.port != other.port or not one.port or not (is_address(one.address) and is_address(other.address)):
        return False
    first, second = ip_address(one.address), ip_address(other.address)
    both = first.version == second.version
    return first == second or (both and (first.is_unspecified or second.is_unspecified))


def _tls(tls: TlsSettings, key: str) -> Iterator[Finding]:
    if (tls.issuer is None) != (tls.profile is None):
        yield f"{key}.issuer", "`issuer` and `profile` go together: with both, the daemon issues the certificate"
    if tls.issuer is not None and not tls.names:
        yield f"{key}.names", "expected the names that the issued certificate is for"
    if tls.issuer is None and tls.names:
        yield f"{key}.names", "names are for a certificate that the daemon issues (`issuer` and `profile`)"
    for name in tls.names:
        if not is_host_pattern(name) and not is_address(name):
            yield f"{key}.names", f"expected host names in lower case, or IP addresses, found `{name}`"
    if tls.certificate == tls.key:
        yield f"{key}.key", "the key and the certificate are two files"
    if tls.client_certificates == "no" and tls.client_authorities:
        yield f"{key}.client_authorities", 'client certificates are not asked for (`client_certificates = "no"`)'
    if tls.client_certificates == "any" and tls.client_authorities:
        yield f"{key}.client_authorities", 'every client certificate is taken (`client_certificates = "any"`)'


def _est(listener: ListenerSettings, key: str, settings: Settings) -> Iterator[Finding]:
    if not settings.est:
        yield f"{key}.serves", "`est` needs a label, [est.default] or [est.LABEL]"
    if listener.tls is None:
        yield f"{key}.tls", "expected TLS where `est` is served (RFC 7030 3.3)"
    elif listener.tls.client_certificates == "no" and any(
        label.authentication in ("certificate", "both") for label in settings.est.values()
    ):
        yield f"{key}.tls.client_certificates", 'expected "any": a label of EST wants client certificates'


def _unserved(settings: Settings) -> Iterator[Finding]:
    served = {service for listener in settings.listeners.values() for service in listener.serves}
    if settings.acme and settings.listeners and "acme" not in served:
        yield "acme", "no listener serves `acme`"
    if settings.cmp and settings.listeners and "cmp" not in served:
        yield "cmp", "no listener serves `cmp`"
    if settings.scep and settings.listeners and "scep" not in served:
        yield "scep", "no listener serves `scep`"
    if settings.est and settings.listeners and "est" not in served:
        yield "est", "no listener serves `est`"
