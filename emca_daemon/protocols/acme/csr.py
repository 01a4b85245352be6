"""The CSR of an order: what it must say, and what of it goes on to policy (RFC 8555 7.4)."""

from dataclasses import replace

from emca_daemon.asn1.attributes import COMMON_NAME
from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.csr import read_csr, with_common_name_among_names
from emca_daemon.policy.facts import Requester, RequestFacts
from emca_daemon.policy.weak_keys import WeakKeys
from emca_daemon.protocols.acme.errors import CSR_TABLE, AcmeRefusal, Problem, problem_of
from emca_daemon.protocols.acme.records import Order


def bad_csr(refused: Refused) -> Refused:
    """The refusal as it is told while a CSR is judged."""
    told = AcmeRefusal(problem_of(refused, CSR_TABLE), reason=refused.reason)
    told.retry_after = refused.retry_after
    return told


def request_facts(der: bytes, order: Order, requester: Requester, weak_keys: WeakKeys) -> RequestFacts:
    """What policy decides on: the order's names and validity, the CSR's key, extensions and common name.

    Raises badCSR unless the names in the CSR (alternative names, common name, or both) are exactly the order's. The
    common name is kept; no other attribute of the subject was validated, so none is kept.
    """
    try:
        facts = read_csr(der, requester, weak_keys)
    except Refused as refused:
        raise bad_csr(refused) from None
    common_names = tuple(one for one in facts.subject if one.oid == COMMON_NAME)
    asked = with_common_name_among_names(replace(facts, subject=common_names)).names
    texts = {name.value for name in order.names}
    foreign = [one.value for one in common_names if one.value.lower() not in texts]
    if set(asked) != set(order.names) or foreign:
        raise _mismatch(set(map(str, asked)) | set(foreign), set(map(str, order.names)))
    return replace(
        facts, subject=common_names, names=order.names, not_before=order.not_before, not_after=order.not_after
    )


def _mismatch(asked: set[str], wanted: set[str]) -> AcmeRefusal:
    missing = ", ".join(sorted(wanted - asked)[:10])
    foreign = ", ".join(sorted(asked - wanted)[:10])
    parts = [f"it lacks {missing}"] * bool(missing) + [f"the order has no {foreign}"] * bool(foreign)
    problem = Problem("badCSR", "the names in the CSR are not those of the order: " + "; ".join(parts))
    return AcmeRefusal(problem, reason=Reason.NAME_REFUSED)
