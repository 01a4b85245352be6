"""The identifiers of an order: reading them strictly, and asking policy (RFC 8555 7.4, 9.7.7)."""

from emca_daemon.errors import Mismatch, Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.policy.decision import name_mismatches
from emca_daemon.policy.dns_names import dns_name_problem
from emca_daemon.policy.facts import Requester
from emca_daemon.policy.profile import Profile
from emca_daemon.protocols.acme.challenges import offered
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem, malformed

_TYPES = {"dns": NameType.DNS}
"""The identifier types that orders may have (RFC 8555 9.7.7)."""


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
    kind = _TYPES.get(entry["type"])
    if kind is None:
        problem = Problem("unsupportedIdentifier", f"identifiers of the type `{entry['type'][:40]}` are not supported")
        raise AcmeRefusal(problem, reason=Reason.NAME_REFUSED)
    return AlternativeName(kind, entry["value"].lower())


def is_wildcard(name: AlternativeName) -> bool:
    """Whether the identifier is a wildcard domain name."""
    return name.type is NameType.DNS and name.value.startswith("*.")


def base_of(name: AlternativeName) -> AlternativeName:
    """The identifier whose control must be proved: without the `*.` of a wildcard."""
    return AlternativeName(name.type, name.value.removeprefix("*.")) if is_wildcard(name) else name


def check_identifiers(
    names: tuple[AlternativeName, ...], profile: Profile, requester: Requester, challenges: tuple[str, ...]
) -> None:
    """Raises rejectedIdentifier for every name that is no DNS name, that policy refuses, or that nothing can prove.

    Every fault is told; with several, each is a subproblem with its identifier.
    """
    faults = [fault for name in names for fault in _syntax(name)]
    flawed = {fault.field for fault in faults}
    sound = tuple(name for name in names if str(name) not in flawed)
    faults.extend(name_mismatches(profile, sound, requester))
    faults.extend(
        Mismatch(str(name), "no challenge on offer can prove control of it", Reason.NAME_REFUSED)
        for name in sound
        if not offered(challenges, name.type, wildcard=is_wildcard(name))
    )
    if faults:
        raise Refused(Reason.NAME_REFUSED, "some identifiers are refused", tuple(faults))


def _syntax(name: AlternativeName) -> list[Mismatch]:
    problem = dns_name_problem(name.value, wildcard=True)
    return [] if problem is None else [Mismatch(str(name), problem, Reason.NAME_REFUSED)]
