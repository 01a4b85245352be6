"""External account binding: an account known from elsewhere vouches for a new one, by a MAC (RFC 8555 7.3.4)."""

import hmac
import json
from dataclasses import dataclass

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.account_keys import read_jwk
from emca_daemon.protocols.acme.bindings import standing_problem
from emca_daemon.protocols.acme.calls import Call
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem, malformed, unauthorized
from emca_daemon.protocols.acme.jws import Parts, take_apart
from emca_daemon.protocols.acme.ports import Writing
from emca_daemon.protocols.acme.records import Binding
from emca_daemon.protocols.json_text import read_object

_HASHES = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
_NOBODYS = bytes(32)
"""Computed with where there is no such key, so that the answer takes as long."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The external account's key, and the JWS (JSON text) that the account object shows again."""

    id: str
    request: str


def bound_account(call: Call, tx: Writing, payload: dict[str, object]) -> Bound | None:
    """The external account that a newAccount request names, one use of its key counted; None where it names none.

    Raises externalAccountRequired, malformed, badSignatureAlgorithm, and unauthorized with the same words for a key
    that is unknown and for a MAC that is wrong.
    """
    policy, given = call.endpoint.settings.external_accounts, payload.get("externalAccountBinding")
    if policy == "off" or (given is None and policy == "optional"):
        return None
    if given is None:
        problem = Problem("externalAccountRequired", "newAccount must carry an external account binding", 403)
        raise AcmeRefusal(problem, reason=Reason.NOT_PERMITTED)
    if not isinstance(given, dict):
        raise malformed("the member `externalAccountBinding` is not a JWS")
    binding = _verified(call, tx, take_apart(given))
    problem_text = standing_problem(binding, call.now)
    if problem_text is None and not tx.acme.use_binding(binding.id):
        problem_text = "was used as often as it may be"
    if problem_text is not None:
        raise unauthorized(f"the external account's key {problem_text}")
    return Bound(binding.id, json.dumps({name: given[name] for name in ("protected", "payload", "signature")}))


def _verified(call: Call, tx: Writing, parts: Parts) -> Binding:
    algorithm, kid = parts.header.get("alg"), parts.header.get("kid")
    hash_name = _HASHES.get(algorithm) if isinstance(algorithm, str) else None
    if hash_name is None:
        problem = Problem(
            "badSignatureAlgorithm",
            "the external account binding must be made with HMAC",
            members={"algorithms": list(_HASHES)},
        )
        raise AcmeRefusal(problem, reason=Reason.ALGORITHM_REFUSED)
    if not isinstance(kid, str) or "nonce" in parts.header:
        raise malformed("the external account binding has no `kid`, or a `nonce`")
    if parts.header.get("url") != call.message.url:
        raise malformed("the `url` of the external account binding is not that of the request")
    found = tx.acme.binding(kid[:255])
    known = found is not None and found.endpoint in {None, call.endpoint.name}
    mac = hmac.digest(found.secret if found is not None and known else _NOBODYS, parts.signed, hash_name)
    if not hmac.compare_digest(mac, parts.signature) or found is None or not known:
        raise unauthorized("the external account binding does not verify: unknown key, or wrong MAC")
    _check_key(call, parts)
    return found


def _check_key(call: Call, parts: Parts) -> None:
    """Raises malformed unless the payload is the key that signed the request; compared by thumbprint (RFC 7638)."""
    try:
        key = read_jwk(
            read_object(parts.payload, "the payload of the external account binding"), call.endpoint.weak_keys
        )
    except Refused as refused:
        raise malformed(f"the external account binding holds no key: {refused.detail}") from None
    if key.thumbprint != call.key.thumbprint:
        raise malformed("the external account binding is for another key than the account's")
