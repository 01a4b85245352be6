"""Which protocol answers a path."""

from dataclasses import dataclass

from emca_daemon.protocols.http import Responder


@dataclass(frozen=True, slots=True)
class Mount:
    """A responder and the path it answers: the path itself and everything below it."""

    path: str
    responder: Responder


class Routes:
    """The mounts of one listener; the longest matching path wins."""

    def __init__(self, mounts: tuple[Mount, ...]) -> None:
        """Paths start with `/` and have no trailing slash; the path `` matches everything."""
        self._mounts = tuple(sorted(mounts, key=lambda mount: -len(mount.path)))

    def find(self, path: str) -> Responder | None:
        """The responder of a raw request path."""
        for mount in self._mounts:
            if path.startswith(mount.path) and path[len(mount.path) : len(mount.path) + 1] in ("", "/"):
                return mount.responder
        return None
