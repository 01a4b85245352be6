"""Cross-checks of SCEP's endpoints."""

from collections.abc import Iterator

from emca_daemon.settings.findings import NAME, REALM_EXPECTED, Finding, is_path, is_realm, names
from emca_daemon.settings.model import Settings
from emca_daemon.settings.scep import ScepSettings


def check_scep(settings: Settings) -> Iterator[Finding]:
    """Everything about endpoints that one key alone does not show."""
    yield from names("scep", settings.scep)
    taken: dict[str, str] = {}
    for name, endpoint in settings.scep.items():
        key = f"scep.{name}"
        yield from _names(endpoint, key)
        for path in endpoint.every_path(name):
            if not is_path(path):
                yield f"{key}.paths", f"expected a path such as /name without a slash at the end, found `{path}`"
            if path in taken:
                yield f"{key}.paths", f"the path `{path}` is taken by `{taken[path]}`"
            taken[path] = key
        yield from _provisioning(name, endpoint, taken)
        yield from _signer(endpoint, key, settings)
        if endpoint.asks and settings.execution.mode == "reactor":
            yield "execution.mode", f'expected "auto" or "threads": {key} asks somebody else, and waits for the answer'


def _provisioning(name: str, endpoint: ScepSettings, taken: dict[str, str]) -> Iterator[Finding]:
    """Where challenges are handed out."""
    key, realm = f"scep.{name}", endpoint.users.realm
    for field, path in endpoint.provisioning_paths(name):
        if not is_path(path):
            yield f"{key}.{field}", f"expected a path such as /name without a slash at the end, found `{path}`"
        if path in taken:
            yield f"{key}.{field}", f"the path `{path}` is taken by `{taken[path]}`"
        taken[path] = f"{key}.{field}"
    if not is_realm(realm):
        yield f"{key}.users.realm", REALM_EXPECTED


def _names(endpoint: ScepSettings, key: str) -> Iterator[Finding]:
    chosen = [("profile", endpoint.profile), ("issuer", endpoint.issuer), ("next_issuer", endpoint.next_issuer)]
    chosen += [("renewal.profile", endpoint.renewal.profile)]
    chosen += [("renewal.profiles", profile) for profile in endpoint.renewal.profiles]
    chosen += [("renewal.issuers", issuer) for issuer in endpoint.renewal.issuers]
    chosen += [("ra_profile", profile) for _, profile in endpoint.ra_profiles]
    for field, name in chosen:
        if name is not None and not NAME.fullmatch(name):
            yield f"{key}.{field}", f"expected a name, found `{name}`"


def _signer(endpoint: ScepSettings, key: str, settings: Settings) -> Iterator[Finding]:
    if endpoint.ra == "none":
        return
    signers = (*settings.software, *settings.pkcs11)
    if not signers:
        yield f"{key}.ra_signer", "an RA needs a signer for its keys"
    elif endpoint.ra_signer is not None and endpoint.ra_signer not in signers:
        yield f"{key}.ra_signer", f"expected one of the signers {', '.join(signers)}, found `{endpoint.ra_signer}`"
