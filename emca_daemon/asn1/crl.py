"""Certificate revocation lists as bytes (RFC 5280 section 5), fast enough for hundreds of thousands of entries.

cryptography's builder copies its list with every entry, which is quadratic; and it insists on holding the key. Here the
to-be-signed part is written in one pass, signed by whoever holds the key, and put together with `der.assemble`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from emca_daemon.asn1 import der

MAX_NUMBER = 2**159
"""CRL numbers stay below this, so that they fit in 20 octets (RFC 5280 5.2.3)."""

_REMOVE_FROM_CRL = 8
_REASONS = frozenset({0, 1, 2, 3, 4, 5, 6, 8, 9, 10})
_VERSION_2 = der.integer(1)
_CRL_NUMBER = der.oid("2.5.29.20")
_DELTA_CRL_INDICATOR = der.oid("2.5.29.27")
_AUTHORITY_KEY_IDENTIFIER = der.oid("2.5.29.35")
_INVALIDITY_DATE = der.oid("2.5.29.24")
_REASON_CODE = der.oid("2.5.29.21")
# reasonCode is never critical and never `unspecified`, which is said by leaving it out (RFC 5280 5.3.1).
_REASON_EXTENSIONS = {
    reason: der.extension(_REASON_CODE, der.enumerated(reason)) if reason else b"" for reason in _REASONS
}


@dataclass(frozen=True, slots=True)
class CrlEntry:
    """A revoked serial: since when, the CRLReason's number, and optionally when the key may have become invalid."""

    serial: int
    at: datetime
    reason: int = 0
    invalidity_date: datetime | None = None


def encode_tbs_crl(
    issuer_name: bytes,
    algorithm: bytes,
    this_update: datetime,
    next_update: datetime,
    entries: Iterable[CrlEntry],
    *,
    number: int,
    authority_key_identifier: bytes,
    base_number: int | None = None,
) -> bytes:
    """The TBSCertList (RFC 5280 5.1.2) of a full CRL, or of a delta CRL where `base_number` is given.

    `issuer_name` is the CA's subject Name exactly as in its certificate, `algorithm` the AlgorithmIdentifier that the
    signature will have, `authority_key_identifier` the bare key identifier. Entries are written in the order given.
    Raises ValueError for a number or a reason that must not be in such a CRL.
    """
    for value in (number, base_number or 0):
        if not 0 <= value < MAX_NUMBER:
            raise ValueError(f"a CRL number must be from 0 to 2^159 - 1, not {value}")
    revoked = _encode_entries(entries, delta=base_number is not None)
    return der.sequence(
        _VERSION_2,
        algorithm,
        issuer_name,
        der.time(this_update),
        der.time(next_update),
        # The list is absent, not empty, when nothing is revoked (RFC 5280 5.1.2.6).
        der.tlv(0x30, revoked) if revoked else b"",
        der.explicit(0, _encode_extensions(number, authority_key_identifier, base_number)),
    )


def _encode_extensions(number: int, authority_key_identifier: bytes, base_number: int | None) -> bytes:
    """The crlExtensions: key identifier, number, and the critical delta indicator (RFC 5280 5.2.1, 5.2.3, 5.2.4)."""
    key_identifier = der.sequence(der.implicit(0, authority_key_identifier))
    return der.sequence(
        der.extension(_AUTHORITY_KEY_IDENTIFIER, key_identifier),
        der.extension(_CRL_NUMBER, der.integer(number)),
        b"" if base_number is None else der.extension(_DELTA_CRL_INDICATOR, der.integer(base_number), critical=True),
    )


def _encode_entries(entries: Iterable[CrlEntry], *, delta: bool) -> bytes:
    """The content of revokedCertificates; times and extensions that repeat are encoded once."""
    times: dict[datetime, bytes] = {}
    extensions: dict[tuple[int, datetime | None], bytes] = {}
    encoded: list[bytes] = []
    for entry in entries:
        at = times.get(entry.at)
        if at is None:
            at = times[entry.at] = der.time(entry.at)
        key = (entry.reason, entry.invalidity_date)
        extra = extensions.get(key)
        if extra is None:
            extra = extensions[key] = _encode_entry_extensions(entry.reason, entry.invalidity_date, delta=delta)
        encoded.append(der.tlv(0x30, der.integer(entry.serial) + at + extra))
    return b"".join(encoded)


def _encode_entry_extensions(reason: int, invalidity_date: datetime | None, *, delta: bool) -> bytes:
    """The crlEntryExtensions, or nothing at all when there is none (RFC 5280 5.3)."""
    if reason not in _REASONS:
        raise ValueError(f"{reason} is not a CRLReason")
    if reason == _REMOVE_FROM_CRL and not delta:
        raise ValueError("removeFromCRL can be in a delta CRL only")
    content = _REASON_EXTENSIONS[reason]
    if invalidity_date is not None:
        content += der.extension(_INVALIDITY_DATE, der.generalized_time(invalidity_date))
    return der.sequence(content) if content else b""
