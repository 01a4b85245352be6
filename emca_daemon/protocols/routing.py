"""Which protocol answers a path."""

import re
from dataclasses import dataclass

from emca_daemon.protocols.http import Responder

_SLASHES = re.compile("//+")
_FIRST = re.compile("^/[^/]+(?=/)")


@dataclass(frozen=True, slots=True)
class Mount:
    """A responder and the path it answers: the path itself and everything below it."""

    path: str
    responder: Responder
    doubled_slashes: bool = False
    """Whether a path counts as this one that only has more slashes in a row, as old devices write it."""
    any_case: bool = False
    """Whether neither slashes in a row matter nor capital letters, as where IIS answers (`/CertSrv/mscep`)."""
    after_any: bool = False
    """Whether a path counts as this one that has one more segment in front, where no other mount has it."""


class Routes:
    """The mounts of one listener; the longest matching path wins."""

    def __init__(self, mounts: tuple[Mount, ...]) -> None:
        """Paths start with `/` and have no trailing slash; the path `` matches everything."""
        self._mounts = tuple(sorted((m for m in mounts if not m.after_any), key=lambda mount: -len(mount.path)))
        self._after_any = tuple(mount for mount in mounts if mount.after_any)

    def find(self, path: str) -> Responder | None:
        """The responder of a raw request path."""
        for mount in self._mounts:
            if _below(mount.path, path):
                return mount.responder
        plain = _SLASHES.sub("/", path)
        folded = plain.lower()
        for mount in self._mounts:
            if mount.doubled_slashes and _below(mount.path, plain):
                return mount.responder
            if mount.any_case and _below(mount.path.lower(), folded):
                return mount.responder
        if any(_below(mount.path, plain) for mount in self._mounts):
            return None
        ends = (plain, _FIRST.sub("", plain))
        return next((m.responder for m in self._after_any if any(_below(m.path, end) for end in ends)), None)


def _below(mounted: str, path: str) -> bool:
    return path.startswith(mounted) and path[len(mounted) : len(mounted) + 1] in ("", "/")
