"""The registration API: devices (policy `device`) or challenges (policy `one-time`) of one endpoint, as JSON.

`GET` and `POST` at `/devices`, `GET` and `DELETE` at `/devices/ID`, `POST` at `/devices/ID/challenge`; the same at
`/challenges` and `/challenges/ID`, where `DELETE` revokes. Refusals are problem documents (RFC 9457).
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs

from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.facts import Requester
from emca_daemon.protocols import basic
from emca_daemon.protocols.http import Headers, Request, Response
from emca_daemon.protocols.json_text import read_object, write_object
from emca_daemon.protocols.scep.api_documents import (
    Document,
    challenge_document,
    device_document,
    made_document,
    read_challenge,
    read_device,
    read_device_terms,
)
from emca_daemon.protocols.scep.endpoint import Endpoint
from emca_daemon.protocols.scep.http_access import STATUS_OF, Access
from emca_daemon.protocols.scep.provisioning import Provisioning

SOURCE: Final = "api"
MOST_LISTED: Final = 1000
_RETRY_AFTER: Final = 2
_JSON: Final = "application/json"
_Call = Callable[[Request, Requester, str], Response]


class RegistrationApi:
    """Answers below the API's path; fulfils `protocols.http.Responder` and `Toiling`."""

    max_body = 65_536

    def __init__(self, endpoint: Endpoint, access: Access, provisioning: Provisioning) -> None:
        self._endpoint = endpoint
        self._path = endpoint.settings.api_path(endpoint.name)
        self._access = access
        self._provisioning = provisioning
        self._calls = self._devices() if endpoint.settings.challenge.policy == "device" else self._challenges()

    def respond(self, request: Request) -> Response:
        """Do what is asked, if it is asked by somebody who may."""
        by = self._access.named(request)
        try:
            by = self._access.requester(request, self._endpoint.settings.api.groups)
            shape, name = _target(request.path.removeprefix(self._path))
            methods = self._calls.get(shape)
            if methods is None:
                raise Refused(Reason.NOT_FOUND, "there is nothing at this path")
            call = methods.get(request.method)
            if call is None:
                return _problem(405, "this is not done here", (("allow", ", ".join(sorted(methods))),))
            return call(request, by, name)
        except Refused as refusal:
            self._access.note(by, f"{request.method} {request.path}"[:255], refusal)
            return self._refusal(refusal)

    def waits(self, _request: Request) -> bool:
        """Every answer asks the store."""
        return True

    def toils(self, request: Request) -> bool:
        """Where a password is verified."""
        return basic.is_tried(request)

    def failed(self, request: Request) -> Response:
        """The answer to a bug: the request's id and nothing else."""
        return _problem(500, f"the server failed; tell the operator the request id {request.id}")

    def busy(self, _request: Request) -> Response:
        """The answer when no worker is free."""
        return self._refusal(Refused(Reason.UNAVAILABLE, "the server is busy; try again later"))

    def _devices(self) -> Mapping[str, Mapping[str, _Call]]:
        return {
            "/devices": {"GET": self._list_devices, "POST": self._register},
            "/devices/ID": {"GET": self._show_device, "DELETE": self._remove},
            "/devices/ID/challenge": {"POST": self._challenge_again},
        }

    def _challenges(self) -> Mapping[str, Mapping[str, _Call]]:
        return {
            "/challenges": {"GET": self._list_challenges, "POST": self._make},
            "/challenges/ID": {"GET": self._show_challenge, "DELETE": self._revoke},
        }

    def _register(self, request: Request, by: Requester, _name: str) -> Response:
        manufacturer, model, device_id, terms = read_device(_body(request))
        device, made = self._provisioning.register(manufacturer, model, device_id, terms, by)
        document = device_document(device, None) | {"challenge": made_document(made)}
        return _json(201, document, (("location", f"{self._path}/devices/{device.id}"),))

    def _challenge_again(self, request: Request, by: Requester, name: str) -> Response:
        device, made = self._provisioning.challenge_again(name, read_device_terms(_body(request)), by)
        return _json(201, device_document(device, None) | {"challenge": made_document(made)})

    def _list_devices(self, request: Request, _by: Requester, _name: str) -> Response:
        limit, after = _page(request)
        with self._endpoint.store.reading() as tx:
            found = tx.scep_challenges.devices(self._endpoint.name, limit, after)
            documents = [device_document(one, tx.scep_challenges.of_device(one.id)) for one in found]
        return _json(200, {"devices": documents, "next": found[-1].id if len(found) == limit else None})

    def _show_device(self, _request: Request, _by: Requester, name: str) -> Response:
        with self._endpoint.store.reading() as tx:
            device = tx.scep_challenges.device(name)
            challenge = tx.scep_challenges.of_device(name)
        if device is None or device.endpoint != self._endpoint.name:
            raise Refused(Reason.NOT_FOUND, f"there is no registered device `{name}`")
        return _json(200, device_document(device, challenge))

    def _remove(self, _request: Request, by: Requester, name: str) -> Response:
        self._provisioning.remove(name, by)
        return Response(204, headers=_HEADERS)

    def _make(self, request: Request, by: Requester, _name: str) -> Response:
        made = self._provisioning.make(read_challenge(_body(request)), by, source=SOURCE)
        return _json(201, made_document(made), (("location", f"{self._path}/challenges/{made.challenge.id}"),))

    def _list_challenges(self, request: Request, _by: Requester, _name: str) -> Response:
        limit, after = _page(request)
        with self._endpoint.store.reading() as tx:
            found = tx.scep_challenges.list(self._endpoint.name, limit, after)
        documents = [challenge_document(one) for one in found]
        return _json(200, {"challenges": documents, "next": found[-1].id if len(found) == limit else None})

    def _show_challenge(self, _request: Request, _by: Requester, name: str) -> Response:
        with self._endpoint.store.reading() as tx:
            challenge = tx.scep_challenges.get(name)
        if challenge is None or challenge.device or challenge.endpoint != self._endpoint.name:
            raise Refused(Reason.NOT_FOUND, f"there is no challenge `{name}`")
        return _json(200, challenge_document(challenge))

    def _revoke(self, _request: Request, by: Requester, name: str) -> Response:
        self._provisioning.revoke(name, by)
        return Response(204, headers=_HEADERS)

    def _refusal(self, refusal: Refused) -> Response:
        status = 415 if isinstance(refusal, _OtherType) else STATUS_OF[refusal.reason]
        headers = self._access.challenges() if status == 401 else ()
        if refusal.reason in (Reason.UNAVAILABLE, Reason.RATE_LIMITED):
            headers = (("retry-after", str(refusal.retry_after or _RETRY_AFTER)),)
        return _problem(status, str(refusal), headers)


class _OtherType(Refused):
    """A body of another type than JSON: a form that a browser was made to send, for one."""

    def __init__(self) -> None:
        super().__init__(Reason.MALFORMED, f"expected a body of type {_JSON}")


_HEADERS: Final[Headers] = (("cache-control", "no-store"),)


def _target(path: str) -> tuple[str, str]:
    """The shape of a path below the API's, with `ID` for the id, and that id."""
    parts = path.removesuffix("/").split("/")
    if len(parts) < 3:
        return path.removesuffix("/"), ""
    name = parts[2]
    parts[2] = "ID"
    return "/".join(parts), name if name.isascii() and name.isalnum() and len(name) <= 64 else "-"


def _body(request: Request) -> dict[str, object]:
    kind = (request.header("content-type") or "").partition(";")[0].strip().lower()
    if request.body and kind != _JSON:
        raise _OtherType
    return read_object(request.body or b"{}", "the body")


def _page(request: Request) -> tuple[int, str]:
    try:
        fields = parse_qs(request.query, max_num_fields=10)
        limit = int(fields.get("limit", [str(MOST_LISTED)])[0])
    except ValueError:
        limit = 0
    if not 1 <= limit <= MOST_LISTED:
        raise Refused(Reason.MALFORMED, f"expected a `limit` from 1 to {MOST_LISTED}")
    return limit, fields.get("after", [""])[0][:64]


def _json(status: int, document: Document, headers: Headers = (), kind: str = _JSON) -> Response:
    return Response(status, write_object(document) + b"\n", (("content-type", kind), *_HEADERS, *headers))


def _problem(status: int, detail: str, headers: Headers = ()) -> Response:
    title = HTTPStatus(status).phrase
    document: Document = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return _json(status, document, headers, "application/problem+json")
