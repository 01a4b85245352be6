"""Whether a key or an account may go on: keys that are known to others, and terms of service that have changed."""

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.account_keys import AccountKey
from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem
from emca_daemon.protocols.acme.ports import Writing


def check_not_blocked(tx: Writing, key: AccountKey) -> None:
    """Raises Refused(KEY_REFUSED) for a key whose owner revoked a certificate for its compromise (RFC 8555 7.6)."""
    if tx.acme.key_standing(key.fingerprint).blocked:
        raise Refused(Reason.KEY_REFUSED, "the key was reported as compromised")


def check_terms(call: AccountCall, tx: Writing) -> None:
    """Raises userActionRequired for an account that agreed to other terms than the present ones (RFC 8555 7.3.3).

    What is remembered of the account may be old: only where it does not fit is the row asked.
    """
    settings = call.endpoint.settings
    terms = settings.terms_of_service
    if not settings.require_new_terms or terms is None or call.account.terms == terms:
        return
    if call.stored_account(tx).terms != terms:
        raise terms_refusal(terms, f"the terms of service have changed and must be agreed to: {terms}")


def terms_refusal(terms: str, detail: str) -> AcmeRefusal:
    """Somebody has to read the terms: their address is the `instance` and in the link (RFC 8555 7.3.3)."""
    problem = Problem("userActionRequired", detail, 403, members={"instance": terms})
    return AcmeRefusal(problem, reason=Reason.NOT_PERMITTED, headers={"Link": f'<{terms}>;rel="terms-of-service"'})
