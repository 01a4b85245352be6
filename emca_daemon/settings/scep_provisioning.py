"""The settings of who hands out SCEP's challenges: `[scep.NAME.users]`, `[scep.NAME.page]` and `[scep.NAME.api]`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from emca_daemon.settings.limits import count, each_of, limited, one_of, positive
from emca_daemon.toml_reading import between, not_empty

PAGE_PATH: Final = "/certsrv/mscep_admin"
"""Where NDES has its page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScepUsersSettings:
    """Who may make challenges over HTTP: users of `realm`, or bearers of a token.

    `tokens` is a file with a line `NAME TOKEN [GROUP ...]` each. After `attempts` wrong passwords in a row a user is
    locked for `lock`; after `attempts_per_address` within `lock` an address is refused.
    """

    methods: tuple[str, ...] = limited(("basic",), not_empty, each_of("basic", "bearer"))
    realm: str = limited("scep", not_empty)
    tokens: Path | None = None
    attempts: int = limited(10, count)
    attempts_per_address: int = limited(100, count)
    lock: timedelta = limited(timedelta(minutes=15), positive)
    plain_http: bool = False
    """Whether they may send their secrets without TLS: for a reverse proxy that has ended it."""

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Bearers need their tokens."""
        if ("bearer" in self.methods) != (self.tokens is not None):
            yield "tokens", "expected the file of tokens where `bearer` is among the methods, and only there"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScepPageSettings:
    """The page of NDES, from which device management reads a one-time challenge; each view makes one."""

    enabled: bool = False
    path: str = PAGE_PATH
    groups: tuple[str, ...] = ()
    """The groups one of which a user must be in; none: every user."""
    lifetime: timedelta = limited(timedelta(minutes=60), positive)
    outstanding: int = limited(100, count)
    """How many challenges of the page may wait to be used."""
    octets: int = limited(16, between(8, 32))
    """The length of a challenge, which is written in hexadecimal; NDES has 8."""
    encoding: str = limited("utf-16", one_of("utf-16", "utf-8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScepApiSettings:
    """Registration of devices, and challenges for them, as JSON over HTTP."""

    enabled: bool = False
    path: str | None = None
    """Where it answers; None: `/scep-api/NAME`."""
    groups: tuple[str, ...] = ()
    """The groups one of which a user must be in; none: every user."""
