"""The identifiers of an order: reading them strictly, and asking policy (RFC 8555 7.4, 9.7.7)."""

from collections.abc import Collection, Mapping
from ipaddress import ip_network

from emca_daemon.asn1.names import with_lower_domain
from emca_daemon.asn1.tn_auth_list import TN_AUTH_LIST, read_tn_auth_list
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.policy.dns_names import dns_name_problem
from emca_daemon.policy.facts import Requester
from emca_daemon.policy.identifiers import name_mismatches
from emca_daemon.policy.name_texts import ip_address
from emca_daemon.policy.profile import Profile
from emca_daemon.protocols.acme.challenges import offered
from emca_daemon.protocols.acme.device_names import device_identifier, read_device_name
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem, malformed
from emca_daemon.protocols.acme.onion import is_onion, onion_problem
from emca_daemon.protocols.json_text import read_base64url

_TYPES = {"dns": NameType.DNS, "ip": NameType.IP, "email": NameType.EMAIL, "TNAuthList": NameType.TN_AUTH_LIST}
"""The identifier types that orders may have (RFC 8555 9.7.7, RFC 8738, RFC 8823, RFC 9448), those of devices aside."""

_NO_HOSTS = tuple(map(ip_network, ("0.0.0.0/8", "224.0.0.0/3", "::/128", "ff00::/8")))
"""Addresses that mean no host, many, or nothing yet."""


def read_identifiers(value: object, most: int) -> tuple[AlternativeName, ...]:
    """The identifiers asked for: lower case, each once, in order; raises malformed and unsupportedIdentifier."""
    if not isinstance(value, list) or not value:
        raise malformed("the member `identifiers` is not a list of at least one identifier")
    if len(value) > most:
        raise malformed(f"an order has at most {most} identifiers")
    return tuple(dict.fromkeys(_read(entry) for entry in value))


def _read(entry: object) -> AlternativeName:
    if not isinstance(entry, dict) or not isinstance(entry.get("type"), str) or not isinstance(entry.get("value"), str):
        raise malformed("an identifier is an object with the texts `type` and `value`")
    device = read_device_name(entry["type"], entry["value"])
    if device is not None:
        return device
    kind = _TYPES.get(entry["type"])
    if kind is None:
        problem = Problem("unsupportedIdentifier", f"identifiers of the type `{entry['type'][:40]}` are not supported")
        raise AcmeRefusal(problem, reason=Reason.NAME_REFUSED)
    if kind is NameType.IP and ip_address(entry["value"]) is None:
        raise malformed("an identifier of the type `ip` is no address as RFC 5952 writes it")
    if kind is NameType.EMAIL:
        return AlternativeName(kind, with_lower_domain(entry["value"]))
    if kind is NameType.TN_AUTH_LIST:
        return _read_list(entry["value"])
    return AlternativeName(kind, _lower(entry["value"]))


def _read_list(value: str) -> AlternativeName:
    try:
        read_tn_auth_list(read_base64url(value, "an identifier of the type `TNAuthList`"))
    except Refused as refused:
        raise malformed(refused.detail) from None
    return AlternativeName(NameType.TN_AUTH_LIST, value)


def _lower(value: str) -> str:
    """ASCII in lower case; anything else as it is, to be rejected: U+212A would turn into the letter k."""
    return value.lower() if value.isascii() else value


def read_identifier(value: object) -> AlternativeName:
    """One identifier; raises malformed and unsupportedIdentifier."""
    return _read(value)


def read_ancestors(value: object, names: tuple[AlternativeName, ...]) -> dict[AlternativeName, AlternativeName]:
    """The `ancestorDomain` of those identifiers of an order that have one (RFC 9444 4.2); raises malformed."""
    entries = value if isinstance(value, list) else []
    found = {}
    for entry in entries:
        ancestor = entry.get("ancestorDomain")
        if ancestor is None:
            continue
        name = _read(entry)
        if name not in names or name.type is not NameType.DNS or not isinstance(ancestor, str):
            raise malformed("the member `ancestorDomain` is not a domain name of a `dns` identifier")
        if not is_beneath(name.value, above := _lower(ancestor)):
            raise malformed(f"{name.value} does not lie beneath {ancestor[:253]}")
        if "." not in above:
            raise malformed(f"{above} is a top-level domain, which proves nothing of the names beneath")
        found[name] = AlternativeName(NameType.DNS, above)
    return found


def is_beneath(name: str, ancestor: str) -> bool:
    """Whether a domain name, or a wildcard, is the ancestor or lies beneath it."""
    return name == ancestor or name.endswith("." + ancestor)


def ancestors_of(name: AlternativeName) -> list[AlternativeName]:
    """A domain name itself (without `*.`) and every name above it, top-level domains aside."""
    base = base_of(name)
    if name.type is not NameType.DNS:
        return [base]
    labels = base.value.split(".")
    return [AlternativeName(NameType.DNS, ".".join(labels[start:])) for start in range(max(1, len(labels) - 1))]


def identifier_document(name: AlternativeName) -> dict[str, str]:
    """An identifier object (RFC 8555 9.7.7)."""
    kind, value = device_identifier(name) or (name.type.value, name.value)
    return {"type": kind, "value": value}


def is_wildcard(name: AlternativeName) -> bool:
    """Whether the identifier is a wildcard domain name."""
    return name.type is NameType.DNS and name.value.startswith("*.")


def base_of(name: AlternativeName) -> AlternativeName:
    """The identifier whose control must be proved: without the `*.` of a wildcard."""
    return AlternativeName(name.type, name.value.removeprefix("*.")) if is_wildcard(name) else name


def check_identifiers(
    names: tuple[AlternativeName, ...],
    profile: Profile,
    requester: Requester,
    challenges: tuple[str, ...],
    vouched: Collection[AlternativeName] = (),
) -> None:
    """Raises rejectedIdentifier for every name that is no DNS name, that policy refuses, or that nothing can prove.

    For those that are `vouched` for nothing needs to.
    Every fault is told; with several, each is a subproblem with its identifier. Raises unauthorized where policy
    refuses the requester.
    """
    faults = {name: problem for name in names if (problem := _syntax_problem(name)) is not None}
    sound = tuple(name for name in names if name not in faults)
    others = []
    lists = tuple(name for name in names if name.type is NameType.TN_AUTH_LIST)
    faults.update(_list_faults(lists, profile))
    written = tuple(name for name in sound if name not in lists)
    for mismatch in name_mismatches(profile, written, requester) if sound else []:
        name = next((name for name in sound if name.value == mismatch.field), None)
        if name is None:
            others.append(mismatch)
        else:
            faults.setdefault(name, mismatch.detail)
    if others:
        raise Refused(others[0].reason, "the order does not fit the profile", tuple(others))
    for name in sound:
        if name not in vouched and not offered(challenges, name.type, wildcard=is_wildcard(name), onion=is_onion(name)):
            faults.setdefault(name, "can be proved by no challenge on offer")
    if faults:
        raise rejected(faults)


def _list_faults(lists: tuple[AlternativeName, ...], profile: Profile) -> dict[AlternativeName, str]:
    """A list is an extension that the profile must let requests bring; a certificate has one at the most."""
    if not any(oid.dotted == TN_AUTH_LIST for oid in profile.requested_extensions.copy):
        return dict.fromkeys(lists, "is a list of telephone numbers, which this profile does not certify")
    return dict.fromkeys(lists[1:], "is a second list of telephone numbers")


def _syntax_problem(name: AlternativeName) -> str | None:
    if name.type is NameType.IP:
        address = ip_address(name.value)
        no_host = address is not None and any(address in network for network in _NO_HOSTS)
        return "is no host's address" if no_host else None
    if name.type is NameType.EMAIL:
        return "has a wildcard" if "*" in name.value else None
    if name.type is not NameType.DNS:
        return None
    problem = dns_name_problem(name.value, wildcard=True)
    return onion_problem(name) if problem is None and is_onion(name) else problem


def rejected(faults: Mapping[AlternativeName, str]) -> AcmeRefusal:
    """The rejectedIdentifier of these names; with several, each is a subproblem (RFC 8555 6.7.1)."""
    subproblems = tuple(
        Problem("rejectedIdentifier", f"{document['value']} {fault}", identifier=document)
        for document, fault in ((identifier_document(name), fault) for name, fault in faults.items())
    )
    first = subproblems[0].detail
    if len(subproblems) == 1:
        problem = Problem("rejectedIdentifier", first)
    else:
        rest = len(subproblems) - 1
        detail = f"{first}, and {rest} more problem" + "s" * (rest > 1)
        problem = Problem("rejectedIdentifier", detail, subproblems=subproblems)
    return AcmeRefusal(problem, reason=Reason.NAME_REFUSED)
