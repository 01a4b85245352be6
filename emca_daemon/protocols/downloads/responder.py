"""Downloads over HTTP: CRLs at `{crl_path}/NAME.crl`, issuers' certificates at `{certificate_path}/NAME.cer`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from emca_daemon.ca.ports import ReadingStore
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName
from emca_daemon.protocols.caching import http_date, is_unchanged, range_applies
from emca_daemon.protocols.downloads.documents import (
    CertificateForm,
    CrlForm,
    Document,
    certificate_document,
    crl_document,
)
from emca_daemon.protocols.downloads.errors import STATUS_OF
from emca_daemon.protocols.downloads.ranges import Unsatisfiable, read_range
from emca_daemon.protocols.http import Headers, Request, Response
from emca_daemon.settings.model import DownloadsSettings

_ALLOWED = "GET, HEAD"
_LONGEST_NAME = 255
_MARGIN = timedelta(minutes=5)
"""How long after its planned issuance the next CRL may take to be out everywhere."""
_SHORTEST = timedelta(minutes=1)
"""For a CRL whose successor is late: ask again soon."""
_CERTIFICATE_LIFETIME = timedelta(days=1)
_RETRY_SECONDS = 5

_Form = CrlForm | CertificateForm


@dataclass(frozen=True, slots=True)
class _Found:
    """A document and until when caches may keep it."""

    document: Document
    expires: datetime


@dataclass(frozen=True, slots=True)
class _Kept:
    """A document and what it was made of (the CRL's DER, or the chain)."""

    source: bytes | tuple[bytes, ...]
    document: Document


class DownloadsResponder:
    """Serves what certificates point to; the store is read each time, so every process shows the newest at once."""

    max_body = 1024

    def __init__(
        self,
        store: ReadingStore,
        settings: DownloadsSettings,
        *,
        crl_every: Callable[[IssuerName], timedelta],
        clock: Clock,
        waits: bool = True,
    ) -> None:
        """`crl_every` tells how often an issuer's CRL comes out; `waits` whether the store may take long."""
        self._store = store
        self._places: tuple[tuple[str, type[_Form]], ...] = (
            (settings.crl_path + "/", CrlForm),
            (settings.certificate_path + "/", CertificateForm),
        )
        self._crl_every = crl_every
        self._clock = clock
        self._waits = waits
        self._kept: dict[tuple[IssuerName, _Form], _Kept] = {}

    def respond(self, request: Request) -> Response:
        """A document, a part of it, or why not."""
        if request.method not in ("GET", "HEAD"):
            return Response(405, headers=(("allow", _ALLOWED),))
        try:
            found = self._find(request.path, self._clock().astimezone(UTC))
        except Refused as refusal:
            return _failure(STATUS_OF[refusal.reason], refusal.detail)
        return _deliver(request, found, self._clock())

    def waits(self, _request: Request) -> bool:
        """As it was told: composition knows how long the store takes."""
        return self._waits

    def failed(self, request: Request) -> Response:
        """500, with the request id to look for in the log."""
        return _failure(500, f"internal error, request {request.id}")

    def busy(self, _request: Request) -> Response:
        """503, try again soon."""
        return _failure(503, "too busy, try again later")

    def _find(self, path: str, now: datetime) -> _Found:
        for prefix, forms in self._places:
            if path.startswith(prefix) and (asked := _read_name(path[len(prefix) :], forms)):
                name, form = asked
                return (
                    self._find_crl(name, form, now) if isinstance(form, CrlForm) else self._find_chain(name, form, now)
                )
        raise Refused(Reason.NOT_FOUND, "there is no such download")

    def _find_crl(self, name: IssuerName, form: CrlForm, now: datetime) -> _Found:
        with self._store.reading() as tx:
            crl = tx.crls.latest(name)
        if crl is None:
            raise Refused(Reason.NOT_FOUND, "there is no such CRL")
        document = self._keep(name, form, crl.der, lambda: crl_document(crl, form))
        # Not nextUpdate: the overlap is there for clients that could not reach us, not for caches (RFC 5280 5.1.2.5).
        planned = crl.this_update + self._crl_every(name) + _MARGIN
        soon = now + _SHORTEST
        return _Found(document, min(max(planned, soon), crl.next_update) if now < crl.next_update else soon)

    def _find_chain(self, name: IssuerName, form: CertificateForm, now: datetime) -> _Found:
        with self._store.reading() as tx:
            issuer = tx.issuers.get(name)
        if issuer is None or not issuer.chain:
            raise Refused(Reason.NOT_FOUND, "there is no such certificate")
        chain = issuer.chain
        document = self._keep(name, form, chain, lambda: certificate_document(chain, form))
        return _Found(document, now + _CERTIFICATE_LIFETIME)

    def _keep(
        self, name: IssuerName, form: _Form, source: bytes | tuple[bytes, ...], make: Callable[[], Document]
    ) -> Document:
        """The document made of that source, made anew only when the source is another; one an issuer and form."""
        kept = self._kept.get((name, form))
        if kept is None or kept.source != source:
            kept = self._kept[name, form] = _Kept(source, make())
        return kept.document


def _read_name(segment: str, forms: type[_Form]) -> tuple[IssuerName, _Form] | None:
    """The issuer and the form that the last path segment names; percent-decoded once, and looked up as it is."""
    try:
        text = unquote(segment, errors="strict") if len(segment) <= _LONGEST_NAME else ""
    except UnicodeDecodeError:
        return None
    for form in forms:
        name = text.removesuffix(form.value)
        if name not in ("", text) and "/" not in name and "\0" not in name:
            return IssuerName(name), form
    return None


def _deliver(request: Request, found: _Found, now: datetime) -> Response:
    document = found.document
    headers: Headers = (
        ("content-type", document.media_type),
        ("etag", document.tag),
        ("last-modified", http_date(document.modified)),
        ("expires", http_date(found.expires)),
        ("cache-control", f"public, no-transform, max-age={int((found.expires - now).total_seconds())}"),
        ("accept-ranges", "bytes"),
    )
    if is_unchanged(request, document.tag, document.modified):
        return Response(304, headers=headers)
    size = len(document.body)
    part = None
    if request.method == "GET" and range_applies(request, document.tag, document.modified):
        part = read_range(request.header("range"), size)
    if part is None:
        return Response(200, document.body, headers)
    if isinstance(part, Unsatisfiable):
        return _failure(416, "no such range", (("content-range", f"bytes */{size}"),))
    placed = ("content-range", f"bytes {part.start}-{part.stop - 1}/{size}")
    return Response(206, document.body[part], (*headers, placed))


def _failure(status: int, detail: str, extra: Headers = ()) -> Response:
    """A refusal for people to read; never cached."""
    if status == 503:
        extra = (*extra, ("retry-after", str(_RETRY_SECONDS)))
    headers = (("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store"), *extra)
    return Response(status, detail.encode() + b"\n", headers)
