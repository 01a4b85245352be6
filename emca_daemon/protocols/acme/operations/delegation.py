"""Reading what was delegated to an account (RFC 9115 2.3.1)."""

import json

from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.delegations import own_delegation
from emca_daemon.protocols.acme.errors import malformed
from emca_daemon.protocols.acme.ports import Writing
from emca_daemon.protocols.acme.replies import Reply


def delegations(call: AccountCall, tx: Writing) -> Reply:
    """Return the addresses of the account's delegations, without revoked ones."""
    _check_offered(call)
    (account_id,) = call.parameters
    call.require_own(account_id)
    found = [one for one in tx.acme.delegations(account_id) if one.revoked is None]
    return Reply(200, {"delegations": [call.endpoint.delegation_url(one.id) for one in found]})


def delegation(call: AccountCall, tx: Writing) -> Reply:
    """Return one delegation of the account; names and aliases in it end with a dot (2.3.1.3)."""
    _check_offered(call)
    (delegation_id,) = call.parameters
    found = own_delegation(call, tx, delegation_id)
    if found is None:
        raise malformed("the account has no such delegation", 404)
    document: dict[str, object] = {"csr-template": json.loads(found.csr_template)}
    if found.cname_map:
        document["cname-map"] = {f"{name}.": f"{alias}." for name, alias in found.cname_map}
    return Reply(200, document)


def _check_offered(call: AccountCall) -> None:
    """Raises malformed (404) where no delegations are offered."""
    call.require_read()
    if not call.endpoint.settings.delegation:
        raise malformed("there is no such resource", 404)
