"""Delegated orders: which delegation an order names, and what that asks of its names and of its CSR (RFC 9115 2.3)."""

import json
from collections.abc import Collection

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName
from emca_daemon.policy.csr import read_csr
from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.csr import bad_csr
from emca_daemon.protocols.acme.csr_template import CsrTemplate, read_template
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem, malformed
from emca_daemon.protocols.acme.identifiers import rejected
from emca_daemon.protocols.acme.ports import Reading, Writing
from emca_daemon.protocols.acme.records import Delegation, Order


def read_delegation(call: AccountCall, tx: Reading | Writing, payload: dict[str, object]) -> Delegation | None:
    """The delegation that an order names by its address; None where there is none, or none are offered.

    Raises malformed for what is no text, and unknownDelegation for what is not one of the account's.
    """
    if not call.endpoint.settings.delegation or "delegation" not in payload:
        return None
    address, start = payload["delegation"], call.endpoint.delegation_url("")
    if not isinstance(address, str):
        raise malformed("the member `delegation` is not a text")
    found = own_delegation(call, tx, address.removeprefix(start)) if address.startswith(start) else None
    if found is None:
        raise _unknown("the account has no such delegation")
    return found


def own_delegation(call: AccountCall, tx: Reading | Writing, delegation_id: str) -> Delegation | None:
    """A delegation of the calling account that was not revoked; None for every other one."""
    found = tx.acme.delegation(delegation_id)
    if found is None or found.revoked is not None or found.account_id != call.account.id:
        return None
    return found


def stands(tx: Reading | Writing, order: Order) -> bool:
    """Whether the delegation of an order, if it has one, was not revoked."""
    if order.delegation is None:
        return True
    found = tx.acme.delegation(order.delegation)
    return found is not None and found.revoked is None


def check_delegated_names(delegation: Delegation, names: Collection[AlternativeName]) -> None:
    """Raises rejectedIdentifier for every name that the template has not, and for those that only it has (2.3.2)."""
    template = template_of(delegation)
    faults = {name: "is not in the template of the delegation" for name in names if not template.allows(name)}
    for name in sorted(template.delegated - set(names), key=str):
        faults[name] = "is delegated, and missing in the order"
    if faults:
        raise rejected(faults)


def to_be_proved(delegation: Delegation | None, names: tuple[AlternativeName, ...]) -> tuple[AlternativeName, ...]:
    """The names of an order that need authorizations: not those for which whoever made the delegation answers.

    These are those that its template spells out; what it merely leaves open the account must prove to have.
    """
    if delegation is None:
        return names
    delegated = template_of(delegation).delegated
    return tuple(name for name in names if name not in delegated)


def check_delegated_csr(call: AccountCall, tx: Reading | Writing, order: Order, der: bytes) -> None:
    """Raises badCSR (403) unless the CSR of a delegated order follows the template, unknownDelegation if it is gone."""
    if order.delegation is None:
        return
    delegation = own_delegation(call, tx, order.delegation)
    if delegation is None:
        raise _unknown("the delegation of this order was revoked")
    try:
        facts = read_csr(der, call.requester(), call.endpoint.weak_keys)
    except Refused as refused:
        raise bad_csr(refused) from None
    template_of(delegation).check(facts)


def template_of(delegation: Delegation) -> CsrTemplate:
    """The template of a delegation."""
    return read_template(json.loads(delegation.csr_template))


def _unknown(detail: str) -> AcmeRefusal:
    return AcmeRefusal(Problem("unknownDelegation", detail, 403), reason=Reason.NOT_PERMITTED)
