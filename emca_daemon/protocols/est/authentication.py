"""What a client must show, by the label's settings: a certificate, HTTP authentication, either or both."""

from datetime import datetime
from typing import Final

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols import basic, bearer
from emca_daemon.protocols.est.clients import Client, TrustedCertificate
from emca_daemon.protocols.est.digest import StaleNonce
from emca_daemon.protocols.est.endpoint import Endpoint
from emca_daemon.protocols.est.tried_names import tried_name
from emca_daemon.protocols.http import Headers, Request
from emca_daemon.protocols.http_parameters import read_authorization
from emca_daemon.protocols.http_users import HttpUser

ALGORITHM_OF: Final = {"digest": "sha256", "digest-md5": "md5"}


class Challenge(Refused):
    """HTTP authentication is missing or wrong: 401 with WWW-Authenticate.

    `first` says that nothing was shown yet, which is how every conversation begins and no failure; `counted` that a
    secret was wrong, of which an address has only so many; `tried` is the user whom it was to prove.
    """

    def __init__(
        self, detail: str, *, stale: bool = False, first: bool = False, counted: bool = False, tried: str = ""
    ) -> None:
        super().__init__(Reason.NOT_AUTHENTICATED, detail)
        self.stale = stale
        self.first = first
        self.counted = counted
        self.tried = tried


def authenticate(
    endpoint: Endpoint,
    request: Request,
    *,
    renewing: bool = False,
    signer: TrustedCertificate | None = None,
    proved: HttpUser | None = None,
) -> Client:
    """Who asks; `renewing` wants a certificate of ours whatever the label says (RFC 7030 4.2.2).

    `signer` and `proved` are what a full CMC request shows by itself: the certificate that signed it stands where
    that of TLS would, and a shared secret says who it is where the label takes either. HTTP authentication that the
    label demands is replaced by neither.

    Raises Challenge (401), Refused(NOT_PERMITTED) where a certificate is missing or not trusted, and
    Refused(NOT_AUTHENTICATED) where the secret is not of the user whom HTTP names.
    """
    wanted = endpoint.settings.authentication
    now = endpoint.clock()
    field = request.header("authorization")
    user = proved
    if wanted in ("http", "both") or (wanted == "either" and field is not None):
        user = _http_user(endpoint, request, field, now)
        if proved is not None and proved.name != user.name:
            raise Refused(Reason.NOT_AUTHENTICATED, "the shared secret is not of the user who authenticates by HTTP")
    trusted, problem = signer, ""
    if signer is None:
        trusted, problem = _certificate(endpoint, request, now, renewing=renewing, anyway=user is not None)
    if trusted is None and (renewing or wanted in ("certificate", "both")):
        raise Refused(Reason.NOT_PERMITTED, problem)
    if trusted is None and user is None:
        raise Challenge(problem, first=request.peer.certificate is None)
    return Client(user, trusted)


def challenges(endpoint: Endpoint, *, stale: bool = False) -> Headers:
    """WWW-Authenticate, a field for each method in the order of the settings: some clients read the first only."""
    return tuple(
        ("WWW-Authenticate", _challenge(endpoint, method, stale=stale)) for method in endpoint.settings.http.methods
    )


def _challenge(endpoint: Endpoint, method: str, *, stale: bool) -> str:
    match method:
        case "basic":
            return basic.challenge(endpoint.settings.http.realm)
        case "bearer":
            return bearer.challenge(endpoint.settings.http.realm)
        case _:
            return endpoint.digest.challenge(ALGORITHM_OF[method], stale=stale)


def _certificate(
    endpoint: Endpoint, request: Request, now: datetime, *, renewing: bool, anyway: bool
) -> tuple[TrustedCertificate | None, str]:
    """The certificate if it is trusted, else why not.

    `anyway` is for clients that HTTP has authenticated: a certificate of ours is then no more than what it is.
    """
    try:
        return endpoint.trust.judge(request.peer, now, renewing=renewing or anyway), ""
    except Refused as refused:
        if refused.reason is not Reason.NOT_AUTHENTICATED:
            raise
        if anyway and not renewing:
            return _foreign_after_all(endpoint, request, now), refused.detail
        return None, refused.detail


def _foreign_after_all(endpoint: Endpoint, request: Request, now: datetime) -> TrustedCertificate | None:
    try:
        return endpoint.trust.judge(request.peer, now, renewing=False)
    except Refused as refused:
        if refused.reason is not Reason.NOT_AUTHENTICATED:
            raise
        return None


def _http_user(endpoint: Endpoint, request: Request, field: str | None, now: datetime) -> HttpUser:
    if field is None:
        raise Challenge("no HTTP authentication was given", first=True)
    check_address(endpoint, request, now)
    try:
        return _verified(endpoint, request, field)
    except StaleNonce as stale:
        raise Challenge(stale.detail, stale=True) from None
    except Refused as refused:
        if refused.reason is Reason.UNAVAILABLE:
            raise
        count_failure(endpoint, request, now)
        raise Challenge(refused.detail, counted=True, tried=tried_name(field)) from None


def check_address(endpoint: Endpoint, request: Request, now: datetime) -> None:
    """Raises Refused(RATE_LIMITED) for an address that has sent too many wrong secrets."""
    limits = endpoint.settings.http
    with endpoint.store.reading() as tx:
        failures = tx.credentials.counted(_subject(request), now, limits.lock)
    if failures >= limits.attempts_per_address:
        seconds = int(limits.lock.total_seconds())
        raise Refused(Reason.RATE_LIMITED, "too many wrong passwords from this address", retry_after=seconds)


def count_failure(endpoint: Endpoint, request: Request, now: datetime) -> None:
    """One more wrong secret from that address."""
    with endpoint.store.writing(durable=False) as tx:
        tx.credentials.count(_subject(request), now, endpoint.settings.http.lock)


def _subject(request: Request) -> str:
    return f"est:{request.peer.address}"


def _verified(endpoint: Endpoint, request: Request, field: str) -> HttpUser:
    scheme, rest = read_authorization(field)
    methods = endpoint.settings.http.methods
    if scheme == "basic" and "basic" in methods:
        return basic.verify_basic(rest, endpoint.settings.http.realm, endpoint.passwords)
    if scheme == "bearer" and "bearer" in methods:
        return bearer.verify_bearer(rest, endpoint.tokens)
    if scheme == "digest" and not ALGORITHM_OF.keys().isdisjoint(methods):
        return endpoint.digest.verify(rest, request)
    raise Refused(Reason.NOT_AUTHENTICATED, "this way of HTTP authentication is not offered")
