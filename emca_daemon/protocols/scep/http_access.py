"""Who may make challenges over HTTP: users by password (RFC 7617) and bearers of tokens (RFC 6750)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from emca_daemon.ca.audit import refusal_by
from emca_daemon.ca.credentials import CredentialStore
from emca_daemon.ca.passwords import PasswordCheck
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.facts import Requester
from emca_daemon.protocols import basic, bearer
from emca_daemon.protocols.bearer import BearerToken
from emca_daemon.protocols.http import Headers, Request
from emca_daemon.protocols.http_parameters import read_authorization
from emca_daemon.protocols.http_users import HttpUser
from emca_daemon.settings.scep_provisioning import ScepUsersSettings

STATUS_OF: Mapping[Reason, int] = {
    Reason.MALFORMED: 400,
    Reason.BAD_INTEGRITY: 400,
    Reason.BAD_PROOF_OF_POSSESSION: 400,
    Reason.NOT_AUTHENTICATED: 401,
    Reason.NOT_PERMITTED: 403,
    Reason.NAME_REFUSED: 400,
    Reason.KEY_REFUSED: 400,
    Reason.ALGORITHM_REFUSED: 400,
    Reason.PROFILE_REFUSED: 403,
    Reason.UNKNOWN_CERTIFICATE: 404,
    Reason.NOT_FOUND: 404,
    Reason.ALREADY_REVOKED: 409,
    Reason.REPLAYED: 409,
    Reason.WRONG_STATE: 409,
    Reason.RATE_LIMITED: 429,
    Reason.UNAVAILABLE: 503,
    Reason.INTERNAL: 500,
}
"""What each reason is to whoever makes challenges over HTTP."""


class Unauthorized(Refused):
    """HTTP authentication is missing or wrong; `first` says that nothing was shown yet, which is no failure."""

    def __init__(self, detail: str, *, first: bool = False) -> None:
        super().__init__(Reason.NOT_AUTHENTICATED, detail)
        self.first = first


class NeedsTls(Refused):
    """Secrets were sent, or would be, for everybody on the way to read."""

    def __init__(self) -> None:
        super().__init__(Reason.NOT_PERMITTED, "this is for connections with TLS alone")


class Access:
    """Lets in the users of one endpoint, and counts who is not let in."""

    def __init__(
        self,
        endpoint: str,
        settings: ScepUsersSettings,
        *,
        store: CredentialStore,
        passwords: PasswordCheck,
        tokens: Sequence[BearerToken],
        clock: Clock,
    ) -> None:
        self._endpoint = endpoint
        self._settings = settings
        self._store = store
        self._passwords = passwords
        self._tokens = tokens
        self._clock = clock

    def requester(self, request: Request, groups: Sequence[str]) -> Requester:
        """Who asks, if they are in one of the groups (none: whoever it is).

        Raises Unauthorized (401), NeedsTls, and Refused: NOT_PERMITTED for another group, RATE_LIMITED for an address
        with too many wrong secrets.
        """
        if not (request.secure or self._settings.plain_http):
            raise NeedsTls
        user = self._user(request)
        if groups and user.groups.isdisjoint(groups):
            raise Refused(Reason.NOT_PERMITTED, f"the user {user.name} is in none of the groups that may do this")
        return self.named(request, user)

    def named(self, request: Request, user: HttpUser | None = None) -> Requester:
        """A user, or somebody unknown, as the audit chain names them."""
        return Requester(
            protocol="scep",
            identity="unknown" if user is None else user.name,
            proof="none" if user is None else user.proof,
            origin=request.peer.address,
            request_id=request.id,
            application=self._endpoint,
            groups=frozenset() if user is None else user.groups,
        )

    def note(self, by: Requester, what: str, refusal: Refused) -> None:
        """Write a refusal down, unless it is how every conversation begins."""
        if not (isinstance(refusal, Unauthorized) and refusal.first):
            with self._store.writing() as tx:
                tx.audit.append(refusal_by(by, self._clock(), "scep.provision", what, refusal))

    def challenges(self) -> Headers:
        """WWW-Authenticate, a field for each method."""
        offered = {"basic": basic.challenge, "bearer": bearer.challenge}
        realm = self._settings.realm
        return tuple(("www-authenticate", offered[method](realm)) for method in self._settings.methods)

    def _user(self, request: Request) -> HttpUser:
        field = request.header("authorization")
        if field is None:
            raise Unauthorized("no HTTP authentication was given", first=True)
        now = self._clock()
        self._check_address(request, now)
        try:
            return self._verified(field)
        except Refused as refusal:
            if refusal.reason is Reason.UNAVAILABLE:
                raise
            with self._store.writing(durable=False) as tx:
                tx.credentials.count(_subject(request), now, self._settings.lock)
            raise Unauthorized(refusal.detail) from None

    def _check_address(self, request: Request, now: datetime) -> None:
        lock = self._settings.lock
        with self._store.reading() as tx:
            failures = tx.credentials.counted(_subject(request), now, lock)
        if failures >= self._settings.attempts_per_address:
            seconds = int(lock.total_seconds())
            raise Refused(Reason.RATE_LIMITED, "too many wrong secrets from this address", retry_after=seconds)

    def _verified(self, field: str) -> HttpUser:
        scheme, rest = read_authorization(field)
        if scheme == "basic" and "basic" in self._settings.methods:
            return basic.verify_basic(rest, self._settings.realm, self._passwords)
        if scheme == "bearer" and "bearer" in self._settings.methods:
            return bearer.verify_bearer(rest, self._tokens)
        raise Refused(Reason.NOT_AUTHENTICATED, "this way of HTTP authentication is not offered")


def _subject(request: Request) -> str:
    return f"scep:{request.peer.address}"
