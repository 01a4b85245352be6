"""The CSR of an order: what it must say, and what of it goes on to policy (RFC 8555 7.4)."""

from dataclasses import replace

from emca_daemon.asn1.attributes import COMMON_NAME
from emca_daemon.asn1.tn_auth_list import TN_AUTH_LIST
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.policy.csr import read_csr, with_common_name_among_names
from emca_daemon.policy.facts import RequestedExtension, Requester, RequestFacts
from emca_daemon.policy.weak_keys import WeakKeys
from emca_daemon.protocols.acme.device_names import device_identifier, is_device
from emca_daemon.protocols.acme.errors import CSR_TABLE, AcmeRefusal, Problem, problem_of
from emca_daemon.protocols.acme.records import Order
from emca_daemon.protocols.json_text import read_base64url

_BASIC_CONSTRAINTS = "2.5.29.19"
_NO_CA = b"\x30\x00"


def bad_csr(refused: Refused) -> Refused:
    """The refusal as it is told while a CSR is judged."""
    told = AcmeRefusal(problem_of(refused, CSR_TABLE), reason=refused.reason)
    told.retry_after = refused.retry_after
    return told


def request_facts(der: bytes, order: Order, requester: Requester, weak_keys: WeakKeys) -> RequestFacts:
    """What policy decides on: the order's names and validity, the CSR's key, extensions and common name.

    Raises badCSR unless the names in the CSR (alternative names, common name, or both) are exactly the order's. The
    common name is kept; no other attribute of the subject was validated, so none is kept. Where an order is for a
    list of telephone numbers alone, the common name may be any that is neither a host name nor an address. A device's
    name may be left out, or stand in the common name alone. A key other than the one that a device attested is
    badCSR, too.
    """
    try:
        facts = read_csr(der, requester, weak_keys)
    except Refused as refused:
        raise bad_csr(refused) from None
    common_names = tuple(one for one in facts.subject if one.oid == COMMON_NAME)
    names = tuple(name for name in order.names if name.type is not NameType.TN_AUTH_LIST)
    devices = [name for name in names if is_device(name)]
    hosts = tuple(one for one in common_names if one.value not in _device_texts(devices))
    asked = {*with_common_name_among_names(replace(facts, subject=hosts)).names, *devices}
    texts = {name.value for name in names}
    foreign = [one.value for one in hosts if names and one.value.lower() not in texts]
    if asked != set(names) or foreign:
        raise _mismatch(set(map(str, asked)) | set(foreign), set(map(str, names)))
    if any(one.attested_key not in (None, facts.key.fingerprint) for one in order.authorizations):
        problem = Problem("badCSR", "the key in the CSR is not the one that the device attested")
        raise AcmeRefusal(problem, reason=Reason.KEY_REFUSED)
    return replace(
        facts,
        subject=common_names,
        names=names,
        extensions=_extensions(facts.extensions, order),
        not_before=order.not_before,
        not_after=order.not_after,
    )


def _device_texts(devices: list[AlternativeName]) -> set[str]:
    """How common names may write devices: as the order does, or without what stands behind the slash."""
    texts = {found[1] for name in devices if (found := device_identifier(name)) is not None}
    return texts | {text.partition("/")[0] for text in texts}


def _extensions(asked: tuple[RequestedExtension, ...], order: Order) -> tuple[RequestedExtension, ...]:
    """The extensions asked for; a list of telephone numbers must be the order's, and is for no CA (RFC 9448 3)."""
    wanted = [read_base64url(one.value, "the list") for one in order.names if one.type is NameType.TN_AUTH_LIST]
    if [one.value for one in asked if one.oid == TN_AUTH_LIST] != wanted:
        detail = "the TNAuthList of the CSR is not that of the order"
        raise AcmeRefusal(Problem("badCSR", detail), reason=Reason.NAME_REFUSED)
    if wanted and any(one.oid == _BASIC_CONSTRAINTS and one.value != _NO_CA for one in asked):
        detail = "the CSR asks for a CA certificate, which no token allows here"
        raise AcmeRefusal(Problem("badCSR", detail), reason=Reason.PROFILE_REFUSED)
    return tuple(replace(one, critical=False) if one.oid == TN_AUTH_LIST else one for one in asked)


def _mismatch(asked: set[str], wanted: set[str]) -> AcmeRefusal:
    missing = ", ".join(sorted(wanted - asked)[:10])
    foreign = ", ".join(sorted(asked - wanted)[:10])
    parts = [f"it lacks {missing}"] * bool(missing) + [f"the order has no {foreign}"] * bool(foreign)
    problem = Problem("badCSR", "the names in the CSR are not those of the order: " + "; ".join(parts))
    return AcmeRefusal(problem, reason=Reason.NAME_REFUSED)
