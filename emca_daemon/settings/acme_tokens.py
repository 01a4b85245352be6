"""The settings of an ACME endpoint about the authorities whose tokens it takes (`[acme.NAME.token_authorities]`)."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class AcmeTokenAuthoritySettings:
    """One authority: its certificate, whose key signs its tokens, and how a token may name it instead of showing it.

    `x5u` is the address that its tokens give for the certificate (nothing is fetched there), `issuer` their `iss`.
    """

    certificate: Path
    x5u: str | None = None
    issuer: str | None = None
