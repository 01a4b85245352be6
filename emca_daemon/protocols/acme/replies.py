"""What an operation answers, before the responder adds what every ACME answer carries."""

from collections.abc import Mapping
from dataclasses import dataclass, field

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    `document` is a JSON object, or `body` are bytes of `content_type`; `wake` names a challenge to be validated as
    soon as the transaction is committed.
    """

    status: int = 200
    document: Mapping[str, object] | None = None
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    wake: str = ""
