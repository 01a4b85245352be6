"""The contact addresses of accounts (RFC 8555 7.3)."""

import re

from emca_daemon.policy.dns_names import dns_name_problem
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem, malformed

_MOST = 10
_LONGEST = 254
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def read_contacts(value: object) -> tuple[str, ...]:
    """The contacts asked for; raises malformed, unsupportedContact and invalidContact."""
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise malformed("the member `contact` is not a list of texts")
    if len(value) > _MOST:
        raise malformed(f"an account has at most {_MOST} contacts")
    return tuple(dict.fromkeys(_read(one) for one in value))


def _read(contact: str) -> str:
    scheme = _SCHEME.match(contact)
    if scheme is None:
        raise _invalid("a contact is not a URL")
    if scheme.group().lower() != "mailto:":
        raise AcmeRefusal(Problem("unsupportedContact", "only mailto: contacts are supported"))
    address = contact[len("mailto:") :]
    if "?" in address:
        raise _invalid("a mailto: contact has header fields")
    if "," in address:
        raise _invalid("a mailto: contact has more than one address")
    local, at, domain = address.rpartition("@")
    if not at or len(address) > _LONGEST or not _LOCAL_PART.fullmatch(local):
        raise _invalid("a mailto: contact has no valid address")
    if dns_name_problem(domain.lower(), wildcard=False) is not None:
        raise _invalid("the domain of a mailto: contact is not a domain name")
    return contact


def _invalid(detail: str) -> AcmeRefusal:
    return AcmeRefusal(Problem("invalidContact", detail))
