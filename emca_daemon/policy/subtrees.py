"""Name constraints as a profile writes them: `dns:example.com`, `ip:10.0.0.0/8` ... (RFC 5280 4.2.1.10)."""

import ipaddress
from dataclasses import dataclass

from cryptography import x509

from emca_daemon.policy.dns_names import dns_name_problem

_FORMS = (
    'a subtree such as "dns:example.com", "ip:10.0.0.0/8", "email:example.com", "uri:.example.com" '
    'or "directory:O=Example,C=DE"'
)


@dataclass(frozen=True, slots=True)
class Subtree:
    """One permitted or excluded subtree, as cryptography takes it."""

    general_name: x509.GeneralName

    @classmethod
    def parse(cls, text: str) -> "Subtree":
        """From `type:value`; raises ValueError."""
        kind, _, value = text.partition(":")
        try:
            return cls(_subtree(kind, value))
        except ValueError as error:
            raise ValueError(_FORMS) from error


def _subtree(kind: str, value: str) -> x509.GeneralName:
    match kind:
        case "dns":
            return x509.DNSName(_host(value))
        case "ip":
            return x509.IPAddress(ipaddress.ip_network(value))
        case "email":
            local, at, domain = value.rpartition("@")
            return x509.RFC822Name(f"{local}{at}{_host(domain)}")
        case "uri":
            return x509.UniformResourceIdentifier(_host(value))
        case "directory":
            return x509.DirectoryName(x509.Name.from_rfc4514_string(value))
        case _:
            raise ValueError(kind)


def _host(value: str) -> str:
    lower = value.lower()
    if problem := dns_name_problem(lower.removeprefix("."), wildcard=False, underscores=True):
        raise ValueError(problem)
    return lower
