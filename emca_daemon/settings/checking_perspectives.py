"""Checks of an ACME endpoint's perspectives."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from emca_daemon.settings.corroboration import AcmePerspectivesSettings
from emca_daemon.settings.findings import Finding, is_url, names


def check_perspectives(perspectives: AcmePerspectivesSettings, key: str) -> Iterator[Finding]:
    """What one key alone does not show."""
    yield from names(f"{key}.remotes", perspectives.remotes)
    for name, remote in perspectives.remotes.items():
        if not is_url(remote.address, "https") or urlsplit(remote.address).path or "?" in remote.address:
            yield f"{key}.remotes.{name}.address", f"expected https://HOST:PORT, found `{remote.address}`"
    if len({remote.address for remote in perspectives.remotes.values()}) < len(perspectives.remotes):
        yield f"{key}.remotes", "expected an address of its own for every perspective"
    for field, path in (("certificate", perspectives.certificate), ("key", perspectives.key)):
        if (path is None) == bool(perspectives.remotes):
            what = "a file: perspectives know this daemon by its certificate"
            yield f"{key}.{field}", f"expected {what if perspectives.remotes else 'perspectives, `remotes`'}"
    quorum = perspectives.quorum
    if quorum is not None and quorum > len(perspectives.remotes):
        yield f"{key}.quorum", f"there are {len(perspectives.remotes)} perspectives, fewer than {quorum}"
