"""Microsoft Intune's service for SCEP requests, as Microsoft publishes it: tokens, where it is, and what it is told."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.http import Headers
from emca_daemon.protocols.json_text import read_object, write_object
from emca_daemon.protocols.scep.outside import Answer, Call, Conversation, Outside
from emca_daemon.randomness import RandomBytes
from emca_daemon.settings.scep_outside import ScepIntuneSettings, is_outside_url

INTUNE: Final = "0000000a-0000-0000-c000-000000000000"
"""Intune's own application in every tenant, whose services Graph lists."""

SERVICE: Final = "ScepRequestValidationFEService"
MARGIN: Final = timedelta(minutes=5)
"""How long before its end a token is renewed."""

LOCATION_KEPT: Final = timedelta(days=1)
_OK, _UNAUTHORIZED = 200, 401
_FORM: Final = ("content-type", "application/x-www-form-urlencoded")
_JSON: Final = ("content-type", "application/json; charset=utf-8")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the service says: its code (`Success`), a description, and the id under which it finds the call again."""

    code: str
    description: str
    activity: str


@dataclass(frozen=True, slots=True)
class _Kept:
    """A token or an address, until then."""

    text: str = field(repr=False)
    until: datetime


class IntuneService:
    """Calls the service; tokens and its address are kept in memory until near their end, or until they fail."""

    def __init__(
        self, settings: ScepIntuneSettings, secret: bytes, outside: Outside, *, clock: Clock, random: RandomBytes
    ) -> None:
        """`secret` is the application's; raises ValueError where it is no text."""
        self._settings = settings
        self._secret = secret.decode()
        self._outside = outside
        self._clock = clock
        self._random = random
        self._tokens: dict[str, _Kept] = {}
        self._location: _Kept | None = None

    def post(self, action: str, document: dict[str, object]) -> Verdict:
        """One of `ScepActions`; raises Refused(UNAVAILABLE) for whatever is no verdict."""
        activity = str(uuid.UUID(bytes=self._random(16), version=4))
        with self._outside.conversation() as conversation:
            try:
                answer = self._call(conversation, action, write_object(document), activity)
            except Refused:
                self._location = None  # it may have moved
                raise
        said = _object(answer.body, "Intune's answer")
        code, description = said.get("code"), said.get("errorDescription")
        if not isinstance(code, str) or not code:
            raise Refused(Reason.UNAVAILABLE, "Intune's answer has no code")
        return Verdict(_clean(code), _clean(description) if isinstance(description, str) else "", activity)

    def _call(self, conversation: Conversation, action: str, body: bytes, activity: str) -> Answer:
        url = f"{self._found(conversation, activity)}/ScepActions/{action}"
        scope = f"{self._settings.resource}/.default"  # with the slash doubled: tokens are made for the exact resource
        more = (_JSON, ("api-version", self._settings.api_version))
        answer = self._authorized(conversation, Call("POST", url, more, body), scope, activity)
        if answer.status != _OK:
            raise Refused(Reason.UNAVAILABLE, f"Intune answered with status {answer.status} (activity {activity})")
        return answer

    def _found(self, conversation: Conversation, activity: str) -> str:
        """Where the service is."""
        kept, now = self._location, self._clock()
        if kept is not None and now < kept.until:
            return kept.text
        graph = self._settings.graph_url.rstrip("/")
        url = f"{graph}/v1.0/servicePrincipals/appId={INTUNE}/endpoints"
        answer = self._authorized(conversation, Call("GET", url), f"{graph}/.default", activity)
        if answer.status != _OK:
            raise Refused(Reason.UNAVAILABLE, f"Graph answered with status {answer.status} (activity {activity})")
        location = self._checked(_location(answer.body))
        self._location = _Kept(location, now + LOCATION_KEPT)
        return location

    def _checked(self, url: str) -> str:
        """Secrets go to the hosts of the settings alone, whatever Graph says."""
        problem = is_outside_url(url)
        if problem is None:
            host = urlsplit(url).hostname or ""
            allowed = self._settings.location_hosts
            if not any(host == one or (one.startswith(".") and host.endswith(one)) for one in allowed):
                problem = "a host that `location_hosts` allows"
        if problem is not None:
            raise Refused(Reason.UNAVAILABLE, f"Graph names {_clean(url)} as Intune's address; expected {problem}")
        return url.rstrip("/")

    def _authorized(self, conversation: Conversation, call: Call, scope: str, activity: str) -> Answer:
        """A call with a token; with a new one if the one that was kept is refused."""
        for _ in range(2):
            token = self._token(conversation, scope)
            own: Headers = (
                ("authorization", f"Bearer {token}"),
                ("client-request-id", activity),
                ("accept", "application/json"),
            )
            answer = conversation.exchange(Call(call.method, call.url, (*own, *call.headers), call.body))
            if answer.status != _UNAUTHORIZED:
                break
            self._tokens.pop(scope, None)
        return answer

    def _token(self, conversation: Conversation, scope: str) -> str:
        """By the application's credentials (RFC 6749 4.4)."""
        now, kept = self._clock(), self._tokens.get(scope)
        if kept is not None and now < kept.until:
            return kept.text
        tenant = quote(self._settings.tenant, safe="")
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.application,
            "client_secret": self._secret,
            "scope": scope,
        }
        url = f"{self._settings.login_url.rstrip('/')}/{tenant}/oauth2/v2.0/token"
        answer = conversation.exchange(Call("POST", url, (_FORM,), urlencode(form).encode()))
        said = _object(answer.body, "the login's answer")
        if answer.status != _OK:
            error = said.get("error")
            why = _clean(error) if isinstance(error, str) else "without a reason"
            raise Refused(Reason.UNAVAILABLE, f"the login refused the application with status {answer.status}: {why}")
        token, seconds = said.get("access_token"), said.get("expires_in")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or " " in token or not token:
            raise Refused(Reason.UNAVAILABLE, "the login gave no token")
        lasts = timedelta(seconds=_seconds(seconds))
        self._tokens[scope] = _Kept(token, now + lasts - min(MARGIN, lasts / 2))
        return token


def _seconds(value: object) -> int:
    """How long a token lasts, for a day at the most; 0 where that is not said as it should be."""
    return min(value, 86_400) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _location(body: bytes) -> str:
    """The address of the service among all of Intune's."""
    listed = _object(body, "Graph's answer").get("value")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict):
            name, uri = one.get("providerName") or one.get("serviceName"), one.get("uri")
            if isinstance(name, str) and name.lower() == SERVICE.lower() and isinstance(uri, str):
                return uri
    raise Refused(Reason.UNAVAILABLE, "Graph names no service of Intune's for SCEP requests")


def _object(body: bytes, what: str) -> dict[str, object]:
    try:
        return read_object(body, what)
    except Refused as refusal:
        raise Refused(Reason.UNAVAILABLE, refusal.detail) from None


def _clean(text: str) -> str:
    return "".join(one for one in text if one.isprintable())[:200]
