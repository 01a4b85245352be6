"""The settings of an ACME endpoint about its perspectives elsewhere (`[acme.NAME.perspectives]`)."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from emca_daemon.settings.limits import limited, positive
from emca_daemon.toml_reading import between


@dataclass(frozen=True, slots=True, kw_only=True)
class AcmePerspectiveSettings:
    """One perspective: its address, and the one certificate (its own, or its CA's) that it is trusted by."""

    address: str
    certificate: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class AcmePerspectivesSettings:
    """Remote perspectives and how many of them must confirm what this daemon sees; none: it alone decides.

    `certificate` and `key` are what the perspectives know this daemon by.
    """

    certificate: Path | None = None
    key: Path | None = None
    quorum: int | None = limited(None, between(1, 100))
    """How many must agree; None: all but one, of six and more all but two."""
    timeout: timedelta = limited(timedelta(seconds=15), positive)
    remotes: dict[str, AcmePerspectiveSettings] = field(default_factory=dict)
