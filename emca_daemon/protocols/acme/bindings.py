"""What accounts may do that an external account vouches for: names, profiles, and what needs no challenge."""

from collections.abc import Iterable
from datetime import datetime

from emca_daemon.errors import Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.policy.dns_names import DnsPattern, DnsPatterns
from emca_daemon.policy.name_texts import ip_address
from emca_daemon.policy.patterns import IpNetwork
from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.errors import unauthorized
from emca_daemon.protocols.acme.identifiers import rejected
from emca_daemon.protocols.acme.ports import Reading
from emca_daemon.protocols.acme.records import Binding

EXTERNAL = "external-account"
"""How a name was proved for which an external account answers."""


def standing_problem(binding: Binding, now: datetime) -> str | None:
    """Why a key vouches for nobody any more; None if it does. How often it was used is the store's to say."""
    if binding.revoked is not None:
        return "was revoked"
    return "has expired" if binding.expires is not None and binding.expires <= now else None


def check_binding(call: AccountCall, tx: Reading) -> Binding | None:
    """The key behind the calling account, None where there is none; raises unauthorized for a revoked one.

    A key that has merely expired makes no new accounts, and those that it made go on.
    """
    if call.account.binding is None:
        return None
    binding = tx.acme.binding(call.account.binding)
    if binding is None or binding.revoked is not None:
        raise unauthorized("the account is suspended: its external account's key was revoked")
    return binding


def check_names(binding: Binding, names: Iterable[AlternativeName]) -> None:
    """Raises rejectedIdentifier for every name that is neither among the key's nor proved by it."""
    if not binding.names:
        return
    allowed = (*binding.names, *binding.proved_names)
    faults = {name: "is not among the names of the external account" for name in names if not covers(allowed, name)}
    if faults:
        raise rejected(faults)


def proved_by(binding: Binding | None, names: Iterable[AlternativeName]) -> list[AlternativeName]:
    """The names for which the key answers, so that they need no challenge."""
    return [] if binding is None else [name for name in names if covers(binding.proved_names, name)]


def check_profile(binding: Binding, profile: str | None, refusal: Refused) -> None:
    """Raises `refusal` for a profile that the key may not ask for."""
    if binding.profiles and profile not in binding.profiles:
        raise refusal


def covers(patterns: Iterable[str], name: AlternativeName) -> bool:
    """Whether patterns cover a name: those of `policy.dns_names.DnsPattern`, and networks for addresses."""
    if name.type is NameType.DNS:
        return DnsPatterns(tuple(DnsPattern.parse(one) for one in patterns if not _is_network(one))).cover(name.value)
    address = ip_address(name.value)
    return address is not None and any(IpNetwork.parse(one).covers(address) for one in patterns if _is_network(one))


def check_pattern(text: str) -> str:
    """The pattern, in lower case; raises ValueError if it is neither for names nor a network."""
    if not _is_network(text):
        DnsPattern.parse(text)
    return text.lower()


def _is_network(text: str) -> bool:
    try:
        IpNetwork.parse(text)
    except ValueError:
        return False
    return True
