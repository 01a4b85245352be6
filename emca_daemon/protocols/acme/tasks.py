"""One attempt at one challenge: what whoever validates is given, and how long it is theirs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from emca_daemon.names import AlternativeName
from emca_daemon.protocols.acme.challenges import key_authorization
from emca_daemon.protocols.acme.records import Account, Authorization, Challenge
from emca_daemon.settings.acme import AcmeSettings

_MARGIN = timedelta(seconds=30)
"""How much longer than all of an attempt's time-outs a lease lasts."""

_FETCHES = 11
"""A first request and ten redirects, each with its own time-out."""


@dataclass(frozen=True, slots=True)
class ValidationTask:
    """One attempt at one challenge; `attempt` counts from 1, `key_authorization` is that of the current key.

    `holder` is who has claimed the challenge, empty as long as nobody has. `wildcard` and `subdomains` say what else
    than the identifier itself is to be proved. `thumbprints` are those of the present key and of former ones.
    """

    challenge_id: str
    authorization_id: str
    type: str
    identifier: AlternativeName
    token: str
    key_authorization: str
    attempt: int
    endpoint: str
    holder: str = ""
    account_url: str = ""
    wildcard: bool = False
    subdomains: bool = False
    thumbprints: tuple[str, ...] = ()


def lease_end(settings: AcmeSettings, now: datetime) -> datetime:
    """Until when a claim of now holds: no attempt takes longer."""
    elsewhere = settings.perspectives.timeout * _FETCHES if settings.perspectives.remotes else timedelta()
    return now + settings.network.timeout * _FETCHES + elsewhere + _MARGIN


def task_of(
    authorization: Authorization, challenge: Challenge, settings: AcmeSettings, account: Account, holder: str
) -> ValidationTask:
    """The next attempt at a challenge; `settings` are those of its endpoint, `account` has its present key."""
    return ValidationTask(
        challenge_id=challenge.id,
        authorization_id=authorization.id,
        type=challenge.type,
        identifier=authorization.identifier,
        token=challenge.token,
        key_authorization=key_authorization(challenge.token, account.thumbprint),
        attempt=challenge.attempts + 1,
        endpoint=authorization.endpoint,
        holder=holder,
        account_url=f"{settings.base_url}/account/{authorization.account_id}",
        wildcard=authorization.wildcard,
        subdomains=authorization.subdomains,
        thumbprints=(account.thumbprint, *account.former_thumbprints),
    )
