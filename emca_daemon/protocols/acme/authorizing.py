"""Which authorizations an order, or a client ahead of one, is given: proved already, vouched for, or to be proved."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from emca_daemon.names import AlternativeName
from emca_daemon.protocols.acme.bindings import EXTERNAL, covers
from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.challenges import offered
from emca_daemon.protocols.acme.email_reply import EMAIL_REPLY_00, ChallengeMail
from emca_daemon.protocols.acme.freshness import may_be_used_again
from emca_daemon.protocols.acme.identifiers import ancestors_of, base_of, is_beneath, is_wildcard
from emca_daemon.protocols.acme.limits import take_mail
from emca_daemon.protocols.acme.onion import is_onion
from emca_daemon.protocols.acme.ports import Writing
from emca_daemon.protocols.acme.records import Authorization, Binding, Challenge
from emca_daemon.protocols.acme.states import AuthorizationStatus, ChallengeStatus

Ancestors = Mapping[AlternativeName, AlternativeName]
"""The names above themselves by which names are to be proved (RFC 9444)."""


def reusable(
    call: AccountCall, tx: Writing, names: tuple[AlternativeName, ...], until: datetime
) -> dict[AlternativeName, Authorization]:
    """The account's valid authorizations for exactly these names that outlive the order; never failed or pending ones.

    A name and its wildcard have authorizations of their own: what proved the one need not be enough for the other.
    Where subdomains may be authorized, one for a name above is as good if it says so.
    """
    above = call.endpoint.settings.subdomain_authorization
    asked = [other for name in names for other in ancestors_of(name)] if above else [base_of(name) for name in names]
    valid = tx.acme.valid_authorizations(call.account.id, asked, until)
    found = [one for one in reversed(valid) if may_be_used_again(one)]
    chosen = {one.name: one for one in found if one.name in names and not one.subdomains}
    for name in names if above else ():
        for one in found:
            if one.subdomains and is_beneath(name.value, one.identifier.value):
                chosen.setdefault(name, one)
    return chosen


def fresh_authorization(
    call: AccountCall,
    name: AlternativeName,
    expires: datetime,
    binding: Binding | None,
    *,
    subdomains: bool = False,
) -> Authorization:
    """A new authorization: valid at once if the external account answers for the name, else to be proved."""
    proved = binding is not None and _vouched(binding, name, subdomains=subdomains)
    endpoint, authorization_id = call.endpoint, call.endpoint.new_id()
    token = endpoint.new_id() + endpoint.new_id()
    kinds = offered_for(call, name, subdomains=subdomains)
    status = ChallengeStatus.VALID if proved else ChallengeStatus.PENDING
    return Authorization(
        id=authorization_id,
        endpoint=endpoint.name,
        account_id=call.account.id,
        identifier=base_of(name),
        wildcard=is_wildcard(name),
        status=AuthorizationStatus.VALID if proved else AuthorizationStatus.PENDING,
        expires=call.now + endpoint.settings.authorization_lifetime if proved else expires,
        created=call.now,
        challenges=tuple(
            Challenge(endpoint.new_id(), authorization_id, kind, token, status, validated=call.now if proved else None)
            for kind in (kinds[:1] if proved else kinds)
        ),
        method=EXTERNAL if proved else None,
        proved=call.now if proved else None,
        subdomains=subdomains,
    )


def queue_mails(call: AccountCall, tx: Writing, fresh: Iterable[Authorization]) -> None:
    """Have the mails of new challenges by mail sent; raises rateLimited (RFC 8823 3)."""
    for authorization in fresh:
        for challenge in authorization.challenges:
            if challenge.type == EMAIL_REPLY_00 and challenge.status is ChallengeStatus.PENDING:
                take_mail(call, tx, authorization.identifier.value)
                tx.acme.add_mail(ChallengeMail(challenge.id, call.now), call.endpoint.name)


def _vouched(binding: Binding, name: AlternativeName, *, subdomains: bool) -> bool:
    """Whether the external account answers for the name, and for all names beneath if they are to be authorized."""
    beneath = AlternativeName(name.type, f"*.{base_of(name).value}")
    return covers(binding.proved_names, name) and (not subdomains or covers(binding.proved_names, beneath))


def offered_for(call: AccountCall, name: AlternativeName, *, subdomains: bool = False) -> tuple[str, ...]:
    """The challenges on offer for a name; by DNS alone where all names beneath are to be proved with it."""
    kinds = offered(call.endpoint.settings.challenges, name.type, wildcard=is_wildcard(name), onion=is_onion(name))
    return tuple(kind for kind in kinds if kind.startswith("dns-")) if subdomains else kinds
