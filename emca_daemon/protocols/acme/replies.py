"""What an operation answers, before the responder adds what every ACME answer carries."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from emca_daemon.errors import Refused
from emca_daemon.protocols.acme.errors import AcmeRefusal, problem_of
from emca_daemon.protocols.acme.tasks import ValidationTask

JSON = "application/json"
_PROBLEM = "application/problem+json"
RETRY_AFTER = 5
"""Seconds, when the server or something that it needs is busy or down."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    `document` is a JSON object, or `body` are bytes of `content_type`; `due` is a challenge to be validated as soon as
    the transaction is committed; `links` are the targets and relations of Link headers.
    """

    status: int = 200
    document: Mapping[str, object] | None = None
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    due: ValidationTask | None = None
    links: tuple[tuple[str, str], ...] = ()


def refusal(refused: Refused) -> Reply:
    """The problem document of a refusal, with its headers; whatever languages the client accepts, it is in English."""
    problem = problem_of(refused)
    headers = {"Content-Language": "en", **(refused.headers if isinstance(refused, AcmeRefusal) else {})}
    if refused.retry_after is not None:
        headers["Retry-After"] = str(refused.retry_after)
    elif problem.status == 503:
        headers["Retry-After"] = str(RETRY_AFTER)
    return Reply(problem.status, problem.document(), content_type=_PROBLEM, headers=headers)
