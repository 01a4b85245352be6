"""The CSR of an order: what it must say, and what of it goes on to policy (RFC 8555 7.4)."""

from dataclasses import replace

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.policy.csr import read_csr
from emca_daemon.policy.facts import Requester, RequestFacts
from emca_daemon.protocols.acme.errors import CSR_TABLE, AcmeRefusal, Problem, problem_of
from emca_daemon.protocols.acme.records import Order

_COMMON_NAME = "2.5.4.3"
_MAX_COMMON_NAME = 64


def bad_csr(refused: Refused) -> Refused:
    """The refusal as it is told while a CSR is judged."""
    told = AcmeRefusal(problem_of(refused, CSR_TABLE), reason=refused.reason)
    told.retry_after = refused.retry_after
    return told


def request_facts(der: bytes, order: Order, requester: Requester) -> RequestFacts:
    """What policy decides on: the order's names and validity, the CSR's key, extensions and common name.

    Raises badCSR unless the names in the CSR (alternative names, common name, or both) are exactly the order's. The
    common name is kept where it is one of them; no other attribute of the subject was validated, so none is kept.
    """
    try:
        facts = read_csr(der, requester)
    except Refused as refused:
        raise bad_csr(refused) from None
    common_names = [one.value for one in facts.subject if one.oid == _COMMON_NAME]
    asked = {_lower(name) for name in facts.names} | {AlternativeName(NameType.DNS, cn.lower()) for cn in common_names}
    if asked != set(order.names):
        raise _mismatch(asked, set(order.names))
    kept = tuple(one for one in facts.subject if one.oid == _COMMON_NAME and len(one.value) <= _MAX_COMMON_NAME)
    return replace(facts, subject=kept[:1], names=order.names, not_before=order.not_before, not_after=order.not_after)


def _lower(name: AlternativeName) -> AlternativeName:
    return AlternativeName(name.type, name.value.lower()) if name.type is NameType.DNS else name


def _mismatch(asked: set[AlternativeName], wanted: set[AlternativeName]) -> AcmeRefusal:
    missing = ", ".join(sorted(map(str, wanted - asked))[:10])
    foreign = ", ".join(sorted(map(str, asked - wanted))[:10])
    parts = [f"it lacks {missing}"] * bool(missing) + [f"the order has no {foreign}"] * bool(foreign)
    problem = Problem("badCSR", "the names in the CSR are not those of the order: " + "; ".join(parts))
    return AcmeRefusal(problem, reason=Reason.NAME_REFUSED)
