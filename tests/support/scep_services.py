"""Services that SCEP's policies ask: Microsoft Intune and a webhook, written from what is published of them.

Each is a function from a call to an answer: unit tests hand it over as the way out, other tests serve it on loopback.
"""

import hmac
import json
import threading
import uuid
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.x509.oid import NameOID

from emca_daemon.asn1.pkcs10 import read_request
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.scep.outside import Answer, Call

Service = Callable[[Call], Answer]
TENANT, APPLICATION, APPLICATION_SECRET = "contoso.onmicrosoft.com", "app-1", "azure secret"
WEBHOOK_SECRET = b"webhook secret"


@dataclass
class Way:
    """A way out that leads to a service in memory; fulfils `protocols.scep.outside.Outside`."""

    service: Service
    down: bool = False
    calls: list[Call] = field(default_factory=list)

    @contextmanager
    def conversation(self) -> Iterator["Way"]:
        """Talk to it."""
        yield self

    def exchange(self, call: Call) -> Answer:
        """One call; refused while it is down."""
        if self.down:
            raise Refused(Reason.UNAVAILABLE, "it cannot be talked to", retry_after=5)
        self.calls.append(call)
        return self.service(call)

    def to(self, end: str) -> list[Call]:
        """The calls whose address ends so."""
        return [call for call in self.calls if urlsplit(call.url).path.endswith(end)]


@dataclass
class FakeIntune:
    """Tokens, discovery and validation; `challenges` maps a challenge to the common name that it is for."""

    base: str = "https://fake"
    location: str = "https://fef.manage.microsoft.com/svc"
    challenges: dict[str, str] = field(default_factory=dict)
    lasts: int = 3600
    code: str | None = None
    status: int = 200
    tokens: dict[str, str] = field(default_factory=dict)
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    validated: list[str] = field(default_factory=list)

    def __call__(self, call: Call) -> Answer:
        """Answer as Microsoft's services do."""
        path = urlsplit(call.url).path
        if path == f"/{TENANT}/oauth2/v2.0/token":
            return self._token(call)
        headers = dict(call.headers)
        uuid.UUID(headers["client-request-id"])
        scope = self.tokens.get(headers.get("authorization", "").removeprefix("Bearer "))
        if path == "/v1.0/servicePrincipals/appId=0000000a-0000-0000-c000-000000000000/endpoints":
            return self._endpoints() if scope and scope.endswith("/.default") else Answer(401, b"{}")
        if scope != "https://api.manage.microsoft.com//.default":
            return Answer(401, b"{}")
        action = path.removeprefix(urlsplit(self.location).path.rstrip("/") + "/ScepActions/")
        if headers.get("api-version") != "2018-02-20" or action == path:
            return Answer(404, b"{}")
        return self._act(action, json.loads(call.body))

    def forget_tokens(self) -> None:
        """Every token is refused from now on."""
        self.tokens.clear()

    def _token(self, call: Call) -> Answer:
        form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
        if form.get("client_secret") != APPLICATION_SECRET or form.get("client_id") != APPLICATION:
            return _json(401, {"error": "invalid_client", "error_description": "AADSTS7000215"})
        assert form["grant_type"] == "client_credentials"
        token = f"token-{uuid.uuid4().hex}"
        self.tokens[token] = form["scope"]
        return _json(200, {"token_type": "Bearer", "expires_in": self.lasts, "access_token": token})

    def _endpoints(self) -> Answer:
        found = [
            {"providerName": "NACAPIService", "uri": "https://elsewhere.example"},
            {"providerName": "ScepRequestValidationFEService", "uri": self.location},
        ]
        return _json(200, {"value": found})

    def _act(self, action: str, body: dict[str, Any]) -> Answer:
        if self.status != 200:
            return Answer(self.status, b"gone")
        if action == "validateRequest":
            asked = body["request"]
            self.validated.append(asked["transactionId"])
            code = self.code or self._verdict(b64decode(asked["certificateRequest"]))
        else:
            assert action in ("successNotification", "failureNotification")
            self.told.append((action, body["notification"]))
            code = self.code or "Success"
        return _json(200, {"code": code, "errorDescription": "" if code == "Success" else "as it says"})

    def _verdict(self, request: bytes) -> str:
        csr = read_request(request)  # strongSwan's attributes are in another order than others take
        if not csr.challenge_password:
            return "ChallengePasswordMissing"
        name = self.challenges.get(csr.challenge_password.decode())
        if name is None:
            return "ChallengeDecryptionError"
        found = csr.ordered.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return "Success" if [one.value for one in found] == [name] else "SubjectNameMismatch"


@dataclass
class FakeWebhook:
    """Allows each challenge once (by request id: a retry of the same request is told the same), and is told."""

    challenges: dict[str, str | None] = field(default_factory=dict)
    answer: Answer | None = None
    used: dict[str, str] = field(default_factory=dict)
    told: list[dict[str, Any]] = field(default_factory=list)
    checked: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, call: Call) -> Answer:
        """Check who asks, then decide."""
        headers = dict(call.headers)
        stamp = headers.get("x-emca-timestamp", "")
        code = hmac.digest(WEBHOOK_SECRET, stamp.encode() + b"." + call.body, "sha256").hex()
        if headers.get("x-emca-signature") != f"sha256={code}" and headers.get("authorization") != "Bearer token-1":
            return Answer(401, b"who are you?")
        body = json.loads(call.body)
        if self.answer is not None:
            return self.answer
        if body["event"] != "check":
            self.told.append(body)
            return Answer(204)
        self.checked.append(body)
        challenge = body["challenge"]
        if (
            challenge not in self.challenges
            or self.used.setdefault(challenge, body["request_id"]) != body["request_id"]
        ):
            return _json(200, {"allow": False, "reason": "no such device"})
        return _json(200, {"allow": True, "identity": self.challenges[challenge]})


@contextmanager
def served(service: Service) -> Iterator[str]:
    """The address of a service on loopback while the block runs."""

    class Serving(BaseHTTPRequestHandler):
        """Hands requests over."""

        def do_POST(self) -> None:
            """Answer."""
            length = int(self.headers.get("content-length", "0"))
            headers = tuple((name.lower(), value) for name, value in self.headers.items())
            answer = service(Call(self.command, f"http://127.0.0.1{self.path}", headers, self.rfile.read(length)))
            self.send_response(answer.status)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Serving)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def actions(told: Sequence[tuple[str, dict[str, Any]]]) -> list[str]:
    """What Intune was told, by name."""
    return [action for action, _ in told]


def _json(status: int, document: object) -> Answer:
    return Answer(status, json.dumps(document).encode())
