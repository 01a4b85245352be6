"""Other ways up from an issuer: chains to other roots, by cross-certificates that this CA knows (RFC 8555 7.4.2)."""

from collections.abc import Iterator, Sequence
from threading import Lock

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.ca.authorities import Authority
from emca_daemon.names import IssuerName

_MOST_CHAINS = 8
_DEEPEST = 6


class Alternates:
    """The chains of every issuer, worked out once for each set of certificates; safe to call from several threads."""

    def __init__(self, extra: Sequence[x509.Certificate] = ()) -> None:
        """`extra` are cross-certificates, and roots, from elsewhere."""
        self._extra = tuple(extra)
        self._lock = Lock()
        self._known: dict[IssuerName, tuple[tuple[bytes, ...], tuple[tuple[bytes, ...], ...]]] = {}

    def of(self, issuer: Authority, issuers: Sequence[Authority]) -> tuple[tuple[bytes, ...], ...]:
        """The chains of issuer certificates, without roots, that are not the issuer's own; by length, then content."""
        state = tuple(der for one in issuers for der in one.record.chain)
        with self._lock:
            known = self._known.get(issuer.name)
        if known is not None and known[0] == state:
            return known[1]
        every = [*self._extra, *(one for authority in issuers for one in authority.chain)]
        pool = {_der(one): one for one in every}
        own = tuple(_der(one) for one in issuer.chain if one.issuer != one.subject)
        found = {chain for chain in _chains(issuer, tuple(pool.values())) if chain != own}
        chains = tuple(sorted(found, key=lambda chain: (len(chain), chain)))[:_MOST_CHAINS]
        with self._lock:
            self._known[issuer.name] = (state, chains)
        return chains


def _chains(issuer: Authority, pool: Sequence[x509.Certificate]) -> Iterator[tuple[bytes, ...]]:
    """Every chain from a certificate for the issuer's name and key to a root in the pool, the root left out."""
    key = issuer.certificate.public_key()
    for first in pool:
        if first.subject == issuer.certificate.subject and first.public_key() == key:
            yield from _upward((first,), pool)


def _upward(path: tuple[x509.Certificate, ...], pool: Sequence[x509.Certificate]) -> Iterator[tuple[bytes, ...]]:
    last = path[-1]
    if last.issuer == last.subject:
        if len(path) > 1:
            yield tuple(_der(one) for one in path[:-1])
        return
    if len(path) >= _DEEPEST:
        return
    subjects = [one.subject for one in path]
    for above in pool:
        if above.subject == last.issuer and above.subject not in subjects and _signed(last, above):
            yield from _upward((*path, above), pool)


def _signed(below: x509.Certificate, above: x509.Certificate) -> bool:
    try:
        below.verify_directly_issued_by(above)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)
