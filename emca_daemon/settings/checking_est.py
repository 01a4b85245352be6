"""Cross-checks of EST's labels."""

from collections.abc import Iterator

from emca_daemon.settings.est import OPERATIONS, EstSettings
from emca_daemon.settings.findings import NAME, REALM_EXPECTED, Finding, is_realm, names
from emca_daemon.settings.model import Settings


def check_est(settings: Settings) -> Iterator[Finding]:
    """Everything about labels that one key alone does not show."""
    yield from names("est", settings.est)
    for label, chosen in settings.est.items():
        if label in OPERATIONS:
            yield f"est.{label}", "expected another label: this is the name of an operation (RFC 7030 3.2.2)"
        yield from _label(chosen, f"est.{label}")


def _label(label: EstSettings, key: str) -> Iterator[Finding]:
    for field, name in (("profile", label.profile), ("issuer", label.issuer), ("next_issuer", label.next_issuer)):
        if name is not None and not NAME.fullmatch(name):
            yield f"{key}.{field}", f"expected the name of a {field.removeprefix('next_')}, found `{name}`"
    for name in label.certificates.issuers:
        if not NAME.fullmatch(name):
            yield f"{key}.certificates.issuers", f"expected names of issuers, found `{name}`"
    if label.http.realm and not is_realm(label.http.realm):
        yield f"{key}.http.realm", REALM_EXPECTED
    if label.serverkeygen.encryption == "required" and not label.serverkeygen.algorithms:
        yield f"{key}.serverkeygen.algorithms", "expected algorithms: no key is made without"
