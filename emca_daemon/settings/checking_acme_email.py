"""Cross-checks of challenges by mail."""

import re
from collections.abc import Iterator
from typing import Final

from emca_daemon.settings.acme import AcmeSettings
from emca_daemon.settings.acme_email import AcmeEmailSettings
from emca_daemon.settings.findings import Finding, is_address, is_host_pattern, is_network
from emca_daemon.settings.secrets import misplaced

_ADDRESS: Final = re.compile(r"[A-Za-z0-9._+-]{1,64}@([a-z0-9.-]{1,253})")
_NEEDED: Final = ("address", "relay", "authserv_id")


def check_email(endpoint: AcmeSettings, key: str) -> Iterator[Finding]:
    """What an endpoint that offers email-reply-00 needs; `key` is the endpoint's."""
    if "email-reply-00" not in endpoint.challenges:
        return
    email = endpoint.email
    for name in _NEEDED:
        if getattr(email, name) is None:
            yield f"{key}.email.{name}", "expected a value: email-reply-00 is among the challenges"
    if endpoint.perspectives.remotes:
        yield f"{key}.challenges", "expected no email-reply-00 where there are perspectives: they see no mail"
    yield from _texts(email, f"{key}.email")
    yield from _relay(email, f"{key}.email")


def _texts(email: AcmeEmailSettings, key: str) -> Iterator[Finding]:
    if email.address is not None and not _is_mailbox(email.address):
        yield f"{key}.address", f"expected an address, its domain in lower case, found `{email.address}`"
    if email.relay is not None and not _is_host(email.relay) and not is_address(email.relay):
        yield f"{key}.relay", f"expected a host name in lower case or an address, found `{email.relay}`"
    if email.authserv_id is not None and not re.fullmatch(r"[!-:<-~]+", email.authserv_id):
        yield f"{key}.authserv_id", "expected a name without spaces and semicolons"
    if not is_address(email.listen_address):
        yield f"{key}.listen_address", f"expected an IP address, found `{email.listen_address}`"
    for text in email.peers:
        if not is_network(text):
            yield f"{key}.peers", f"expected a network such as 10.0.0.0/8, found `{text}`"


def _relay(email: AcmeEmailSettings, key: str) -> Iterator[Finding]:
    if (email.relay_user is None) != (email.relay_password_file is None):
        yield f"{key}.relay_user", "expected both a user and a file with the password, or neither"
    if email.relay_user is not None and email.relay_tls == "off":
        yield f"{key}.relay_tls", "expected TLS where a password is sent"
    if email.relay_password_file is not None and (problem := misplaced(email.relay_password_file)):
        yield f"{key}.relay_password_file", problem


def _is_mailbox(text: str) -> bool:
    match = _ADDRESS.fullmatch(text)
    return match is not None and _is_host(match[1])


def _is_host(text: str) -> bool:
    return is_host_pattern(text) and not text.startswith("*")
