"""From root to an ordinary account, once the sockets are bound."""

import os
import pwd
from collections.abc import Callable, Sequence
from typing import Protocol

from emca_daemon.errors import Reason, Refused


class Identity(Protocol):
    """The calls that change who a process is; the `os` module has them all."""

    def geteuid(self) -> int:
        """The effective user."""

    def getgrouplist(self, user: str, group: int, /) -> list[int]:
        """The groups of an account."""

    def setgroups(self, groups: Sequence[int], /) -> None:
        """Become a member of these groups only."""

    def setgid(self, gid: int, /) -> None:
        """Change the group, for good."""

    def setuid(self, uid: int, /) -> None:
        """Change the user, for good."""


class Account(Protocol):
    """An account, as `pwd` knows it."""

    @property
    def pw_uid(self) -> int:
        """User number."""

    @property
    def pw_gid(self) -> int:
        """Number of its main group."""


def drop_privileges(user: str, identity: Identity = os, account: Callable[[str], Account] = pwd.getpwnam) -> None:
    """Become that user for good: groups first, the user last, since only root may change groups.

    Raises Refused: NOT_FOUND for an unknown account, NOT_PERMITTED for root, or where this process cannot become it.
    """
    try:
        found = account(user)
    except KeyError as error:
        raise Refused(Reason.NOT_FOUND, f"there is no account `{user}`") from error
    if found.pw_uid == 0:
        raise Refused(Reason.NOT_PERMITTED, f"`{user}` is root")
    current = identity.geteuid()
    if current == found.pw_uid:
        return
    if current != 0:
        raise Refused(Reason.NOT_PERMITTED, f"only root can become `{user}`")
    identity.setgroups(identity.getgrouplist(user, found.pw_gid))
    identity.setgid(found.pw_gid)
    identity.setuid(found.pw_uid)
    if identity.geteuid() != found.pw_uid:
        raise Refused(Reason.NOT_PERMITTED, f"the process did not become `{user}`")
