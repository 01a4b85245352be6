"""From root to an ordinary account."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from emca_daemon.errors import Reason, Refused
from emca_daemon.listeners.privileges import drop_privileges


@dataclass
class Accounts:
    """One account."""

    pw_uid: int = 1234
    pw_gid: int = 5678

    def __call__(self, user: str) -> "Accounts":
        """Look it up."""
        if user != "ca":
            raise KeyError(user)
        return self


@dataclass
class Process:
    """A process whose identity can be changed, or pretends to be."""

    uid: int = 0
    obeys: bool = True
    calls: list[tuple[str, object]] = field(default_factory=list)

    def geteuid(self) -> int:
        """Who it is."""
        return self.uid

    def getgrouplist(self, user: str, group: int, /) -> list[int]:
        """Groups of the account."""
        return [group, 99]

    def setgroups(self, groups: Sequence[int], /) -> None:
        """Note it."""
        self.calls.append(("groups", list(groups)))

    def setgid(self, gid: int, /) -> None:
        """Note it."""
        self.calls.append(("group", gid))

    def setuid(self, uid: int, /) -> None:
        """Note it."""
        self.calls.append(("user", uid))
        if self.obeys:
            self.uid = uid


def test_groups_go_first_and_the_user_last() -> None:
    """The other way round the groups of root would stay."""
    process = Process()
    drop_privileges("ca", process, Accounts())
    assert process.calls == [("groups", [5678, 99]), ("group", 5678), ("user", 1234)]


def test_nothing_is_done_for_who_it_is_already() -> None:
    """As under systemd with `User=`."""
    process = Process(uid=1234)
    drop_privileges("ca", process, Accounts())
    assert process.calls == []


@pytest.mark.parametrize(
    ("user", "process", "accounts", "reason"),
    [
        ("nobody-there", Process(), Accounts(), Reason.NOT_FOUND),
        ("ca", Process(), Accounts(pw_uid=0), Reason.NOT_PERMITTED),
        ("ca", Process(uid=42), Accounts(), Reason.NOT_PERMITTED),
        ("ca", Process(obeys=False), Accounts(), Reason.NOT_PERMITTED),
    ],
    ids=["no account", "root", "not root to begin with", "call without effect"],
)
def test_what_cannot_be_is_refused(user: str, process: Process, accounts: Accounts, reason: Reason) -> None:
    """Rather than going on as somebody else."""
    with pytest.raises(Refused) as refusal:
        drop_privileges(user, process, accounts)
    assert refusal.value.reason is reason


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_really_becomes_nobody() -> None:
    """And cannot go back."""
    program = (
        "import os; from emca_daemon.listeners.privileges import drop_privileges; drop_privileges('nobody');"
        "assert os.getresuid()[0] == os.getresuid()[2] != 0\n"
        "try: os.setuid(0)\n"
        "except PermissionError: print('gone')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == "gone\n", done.stderr
