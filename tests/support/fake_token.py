"""A PKCS#11 module in memory whose sessions, logins and starts fail when a test wants it."""

from pathlib import Path
from typing import cast

import pkcs11
from pkcs11 import exceptions as ck

from emca_daemon.signers.pkcs11_module import LockingLibrary, Module


class FakeSession:
    """A session; closing one that logged in logs out."""

    def __init__(self, token: "FakeToken", login: bool) -> None:
        """`login` says that this session logged in."""
        self.token = token
        self.login = login
        self.open = True

    def close(self) -> None:
        """Close it; raises SessionHandleInvalid the second time."""
        if not self.open:
            raise ck.SessionHandleInvalid
        self.open = False


class FakeToken:
    """A token that counts what it is asked."""

    def __init__(self) -> None:
        """It answers until told otherwise."""
        self.sessions: list[FakeSession] = []
        self.pins: list[str] = []
        self.login_fault: ck.PKCS11Error | None = None
        self.slot = self

    def get_mechanisms(self) -> set[pkcs11.Mechanism]:
        """What it offers."""
        return {pkcs11.Mechanism.ECDSA}

    def open(self, rw: bool = False, user_pin: str | None = None) -> FakeSession:
        """Open a session, with a login where a PIN is given."""
        if user_pin is not None:
            self.pins.append(user_pin)
            if self.login_fault is not None:
                raise self.login_fault
        session = FakeSession(self, user_pin is not None)
        self.sessions.append(session)
        return session


class FakeLibrary:
    """A loaded module with one token, or as many as a test puts in."""

    def __init__(self, one_at_a_time: bool = False) -> None:
        """`one_at_a_time` says that the module cannot lock."""
        self.one_at_a_time = one_at_a_time
        self.offered = [FakeToken()]
        self.calls: list[str] = []
        self.start_fault: ck.PKCS11Error | None = None

    @property
    def token(self) -> FakeToken:
        """The first token."""
        return self.offered[0]

    def tokens(self, label: str | None, serial: bytes | None) -> list[FakeToken]:
        """All of them."""
        self.calls.append(f"tokens {label} {serial!r}")
        return self.offered

    def initialize(self) -> None:
        """Start, or raise the fault."""
        self.calls.append("initialize")
        if self.start_fault is not None:
            raise self.start_fault

    def finalize(self) -> None:
        """Stop."""
        self.calls.append("finalize")


def fake_module(library: FakeLibrary) -> Module:
    """A module that loads that library."""
    return Module(Path("fake.so"), lambda _path: cast("LockingLibrary", library))
