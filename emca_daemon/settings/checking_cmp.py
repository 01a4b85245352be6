"""Cross-checks of CMP endpoints."""

from collections.abc import Iterator

from emca_daemon.settings.cmp import CmpSettings
from emca_daemon.settings.findings import NAME, Finding, is_path, names
from emca_daemon.settings.model import Settings


def check_cmp(settings: Settings) -> Iterator[Finding]:
    """Everything about CMP endpoints that one key alone does not show."""
    yield from names("cmp", settings.cmp)
    taken: dict[str, str] = {}
    for name, endpoint in settings.cmp.items():
        key = f"cmp.{name}"
        for path in endpoint.paths:
            if not is_path(path):
                yield f"{key}.paths", f"expected a path such as /name without a slash at the end, found `{path}`"
            if path in taken:
                yield f"{key}.paths", f"the path `{path}` is taken: `{taken[path]}` is there"
            taken.setdefault(path, f"{key}.paths")
        yield from _names(endpoint, key)
        for field, chosen in (
            ("signer_key", endpoint.signer_key),
            ("key_generation_key", endpoint.key_generation_key),
        ):
            signer, _, label = (chosen or "").partition(":")
            known = signer in settings.software or signer in settings.pkcs11
            if chosen is not None and not (known and label):
                yield f"{key}.{field}", f"expected SIGNER:LABEL of a signer here, found `{chosen}`"


def _names(endpoint: CmpSettings, key: str) -> Iterator[Finding]:
    labelled = [(f"profiles.{label}", profile) for label, profile in endpoint.profiles.items()]
    named = [
        ("profile", endpoint.profile),
        ("issuer", endpoint.issuer),
        ("signer_profile", endpoint.signer_profile),
        ("key_generation_profile", endpoint.key_generation_profile),
    ]
    if endpoint.cross_profile is not None:
        named.append(("cross_profile", endpoint.cross_profile))
    if endpoint.cross_issuer is not None:
        named.append(("cross_issuer", endpoint.cross_issuer))
    for field, used in (*named, *labelled):
        if not NAME.fullmatch(used):
            yield f"{key}.{field}", f"expected a name, found `{used}`"
