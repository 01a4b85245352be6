"""Rate limits: token buckets in the store, so that they hold over all processes (RFC 8555 6.6)."""

import math
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from ipaddress import ip_network

from emca_daemon.errors import Reason
from emca_daemon.names import AlternativeName
from emca_daemon.protocols.acme.calls import AccountCall, Call
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem
from emca_daemon.protocols.acme.ports import Reading, Writing
from emca_daemon.protocols.acme.records import Binding
from emca_daemon.settings.acme import AcmeLimitsSettings, Rate


def take_account(call: Call, tx: Writing) -> None:
    """Count a new account for the network that asks; raises rateLimited."""
    limits = call.endpoint.settings.limits
    if limits.accounts_per_network is None:
        return
    network = _network(limits, call.request.peer.address)
    _take(call, tx, ("accounts", network), limits.accounts_per_network, f"new accounts from {network}")


def take_order(
    call: AccountCall, tx: Writing, names: Iterable[AlternativeName], binding: Binding | None = None
) -> None:
    """Count a new order for its account, its external account and each of its names; raises rateLimited."""
    limits = call.endpoint.settings.limits
    if limits.orders_per_account is not None:
        _take(call, tx, ("orders", call.identity), limits.orders_per_account, "new orders of this account")
    if limits.orders_per_external_account is not None and binding is not None:
        rate = limits.orders_per_external_account
        _take(call, tx, ("external", binding.id), rate, "new orders of this external account")
    if limits.orders_per_name is not None:
        for text in dict.fromkeys(name.value.removeprefix("*.") for name in names):
            _take(call, tx, ("names", text), limits.orders_per_name, f"new orders for {text}")


def take_mail(call: AccountCall, tx: Writing, address: str) -> None:
    """Count a mail to an address, whoever asks for it; raises rateLimited."""
    rate = call.endpoint.settings.limits.mails_per_address
    if rate is not None:
        _take(call, tx, ("mails", address), rate, f"mails to {address}")


def check_failures(call: AccountCall, tx: Reading, names: tuple[AlternativeName, ...]) -> None:
    """Raises rateLimited for an account that fails too often to prove one of the names."""
    limits = call.endpoint.settings.limits
    if limits.failed_validations_per_name is None:
        return
    for name in names:
        text = name.value.removeprefix("*.")
        rate = limits.overrides.get(text, limits.failed_validations_per_name)
        wait = tx.acme.tokens_left(failure_subject(call.endpoint.name, call.account.id, text), call.now, rate)
        if wait:
            raise _limited(limits, f"failed validations of {text}", rate, math.ceil(wait.total_seconds()))


def note_failure(
    tx: Writing, limits: AcmeLimitsSettings, endpoint: str, account_id: str, name: AlternativeName, now: datetime
) -> None:
    """Count a validation of a name (without `*.`) that failed for good."""
    rate = limits.overrides.get(name.value, limits.failed_validations_per_name)
    if limits.failed_validations_per_name is not None and rate is not None:
        tx.acme.take_token(failure_subject(endpoint, account_id, name.value), now, rate)


def failure_subject(endpoint: str, account_id: str, name: str) -> str:
    """The bucket of an account's failures with a name."""
    return _subject(endpoint, "failures", account_id, name)


def _take(call: Call, tx: Writing, who: tuple[str, str], rate: Rate, what: str) -> None:
    limits, (kind, subject) = call.endpoint.settings.limits, who
    rate = limits.overrides.get(subject, rate)
    bucket = _subject(call.endpoint.name, kind, subject)
    if not tx.acme.take_token(bucket, call.now, rate):
        wait = tx.acme.tokens_left(bucket, call.now, rate)
        raise _limited(limits, what, rate, math.ceil(wait.total_seconds()))


def _limited(limits: AcmeLimitsSettings, what: str, rate: Rate, seconds: int) -> AcmeRefusal:
    detail = f"too many {what}: at most {rate.count} in {rate.window}; try again in {seconds} seconds"
    headers = {} if limits.documentation is None else {"Link": f'<{limits.documentation}>;rel="help"'}
    refusal = AcmeRefusal(Problem("rateLimited", detail, 429), reason=Reason.RATE_LIMITED, headers=headers)
    refusal.retry_after = max(1, seconds)
    return refusal


def _network(limits: AcmeLimitsSettings, address: str) -> str:
    """The network of an address; the text itself where it is none (a local socket)."""
    prefix = limits.ipv6_prefix if ":" in address else limits.ipv4_prefix
    try:
        return str(ip_network((address.partition("%")[0], prefix), strict=False))
    except ValueError:
        return address


def _subject(*parts: str) -> str:
    """A short name for any texts."""
    return parts[1] + ":" + sha256("\x00".join(parts).encode()).hexdigest()
