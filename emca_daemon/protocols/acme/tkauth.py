"""tkauth-01: an authority's token proves a telephone number authorization list (RFC 9447 3, RFC 9448)."""

from emca_daemon.asn1.tn_auth_list import read_tn_auth_list
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import NameType
from emca_daemon.protocols.acme.answering import Proof, Response
from emca_daemon.protocols.acme.authority_tokens import AuthorityToken, names_key, read_token
from emca_daemon.protocols.acme.errors import Problem, malformed, problem_of
from emca_daemon.protocols.json_text import read_base64url

TYPE = "atc"
"""The one type of token (`tkauth-type`)."""


def judge_tkauth(response: Response) -> Proof | Problem:
    """Judge the token in a response; raises malformed where there is none.

    It is bound to the account, which may use it for further orders until it runs out (RFC 9447 3.3); the audit has its
    `jti` each time.
    """
    text = response.payload.get("tkauth")
    if not isinstance(text, str):
        raise malformed("the member `tkauth` is not a text")
    call = response.call
    try:
        token = read_token(text, call.endpoint.token_authorities, call.now)
        _check(token, response)
    except Refused as refused:
        problem = problem_of(refused)
        known = refused.reason in {Reason.MALFORMED, Reason.ALGORITHM_REFUSED}
        return problem if known else Problem("unauthorized", problem.detail, 403)
    details = {"authority": token.authority, "token": token.id, "list": ", ".join(entries_of(token.value))[:1024]}
    return Proof(details, until=token.expires)


def entries_of(value: str) -> tuple[str, ...]:
    """The entries of a list in base64url, for people; raises Refused(MALFORMED)."""
    return read_tn_auth_list(read_base64url(value.rstrip("="), "the telephone number authorization list"))


def _check(token: AuthorityToken, response: Response) -> None:
    identifier = response.authorization.identifier
    if token.kind.lower() != identifier.type.value.lower() or identifier.type is not NameType.TN_AUTH_LIST:
        raise Refused(Reason.NOT_PERMITTED, f"the token is for identifiers of the type `{token.kind[:40]}`")
    if token.value.rstrip("=") != identifier.value:
        raise Refused(Reason.NOT_PERMITTED, "the token is for another identifier")
    if not names_key(token.fingerprint, response.call.key):
        raise Refused(Reason.NOT_PERMITTED, "the token is for another account: its fingerprint is not this key's")
    if token.ca:
        raise Refused(Reason.NOT_PERMITTED, "the token is for a CA certificate, and none are issued here")
