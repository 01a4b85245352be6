"""Proof of possession linked to the TLS session (RFC 7030 3.5): the channel binding in the challenge password.

TLS 1.2 has `tls-unique` (RFC 5929 section 3), TLS 1.3 `tls-exporter` (RFC 9266); either is compared as base64.
"""

import hmac
from base64 import b64encode

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.est.clients import Client
from emca_daemon.protocols.http import Peer


def check_binding(challenge: str | None, peer: Peer, client: Client, policy: str) -> None:
    """Whether the request was made for this TLS session, as `policy` (`required`, `if-present`, `off`) wants it.

    An agent (id-kp-cmcRA) asks for keys of others, whose binding would be to sessions that we do not see (RFC 7030
    3.7). Raises Refused(BAD_PROOF_OF_POSSESSION) where the binding is wrong, or missing and required.
    """
    if policy == "off" or client.agent:
        return
    if not challenge:
        if policy == "required":
            raise _refusal("the request lacks the TLS channel binding (RFC 7030 3.5)")
        return
    binding = peer.exporter or peer.unique
    if binding is None or not hmac.compare_digest(challenge.strip().encode(), b64encode(binding)):
        raise _refusal("the challenge password is not the channel binding of this TLS session")


def _refusal(detail: str) -> Refused:
    return Refused(Reason.BAD_PROOF_OF_POSSESSION, detail)
