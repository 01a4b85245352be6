"""SCEP's policies that ask somebody else: who is asked, by which way out, and who is told how it ended."""

from ssl import SSLError

from emca_daemon.composition.core import Core
from emca_daemon.composition.duties import Duty
from emca_daemon.errors import Reason, Refused
from emca_daemon.outbound.calls import Calls
from emca_daemon.policy.facts import Requester
from emca_daemon.protocols.scep.asked_challenges import AskedChallenges, Judge
from emca_daemon.protocols.scep.intune import Intune
from emca_daemon.protocols.scep.intune_service import IntuneService
from emca_daemon.protocols.scep.notices import Notices
from emca_daemon.protocols.scep.webhook import Webhook, bearing, signed_with
from emca_daemon.settings.scep import ScepSettings
from emca_daemon.settings.secrets import read_secret


def asking_challenges(core: Core, name: str, settings: ScepSettings) -> AskedChallenges:
    """The policy of an endpoint that asks somebody else; raises Refused(UNAVAILABLE) where its secret is missing."""
    return AskedChallenges(
        judge_of(core, name, settings),
        core.store,
        core.clock,
        patience=2 * settings.calls.timeout,
        lifetime=settings.transaction_lifetime,
        wait=settings.pending_lifetime,
    )


def notices_duty(core: Core, requester: Requester) -> Duty:
    """Telling the other side, also what a process that died had to tell.

    Whoever is told is made with the first notice, so that an endpoint that is not asked needs no secret.
    """
    asking = {name: one for name, one in core.settings.scep.items() if one.asks}
    kept: list[Notices] = []

    def send() -> None:
        if not kept:
            judges = {name: (judge_of(core, name, one), one.calls.attempts) for name, one in asking.items()}
            kept.append(Notices(judges, core.store, core.clock, requester))
        kept[0].send()

    return Duty("SCEP notices", send)


def judge_of(core: Core, name: str, settings: ScepSettings) -> Judge:
    """Whoever decides for an endpoint; raises Refused where the settings or their secrets do not do."""
    try:
        return _judge(core, name, settings)
    except ValueError as error:
        raise Refused(Reason.MALFORMED, f"scep.{name}: the secret of who is asked is no plain text") from error


def _judge(core: Core, name: str, settings: ScepSettings) -> Judge:
    outside = _way_out(name, settings)
    intune, webhook = settings.intune, settings.webhook
    if settings.challenge.policy == "intune" and intune.secret_file is not None:
        secret = read_secret(intune.secret_file)
        service = IntuneService(intune, secret, outside, clock=core.clock, random=core.random)
        return Intune(service, intune.caller)
    if webhook.url is None:
        raise Refused(Reason.PROFILE_REFUSED, f"scep.{name}: the policy `{settings.challenge.policy}` asks nobody")
    if webhook.secret_file is not None:
        showing = signed_with(read_secret(webhook.secret_file))
    elif webhook.token_file is not None:
        showing = bearing(read_secret(webhook.token_file))
    else:
        raise Refused(Reason.PROFILE_REFUSED, f"scep.{name}: the webhook has no secret")
    return Webhook(webhook.url, showing, outside, core.clock, tells=webhook.notify)


def _way_out(name: str, settings: ScepSettings) -> Calls:
    calls = settings.calls
    try:
        return Calls(timeout=calls.timeout, at_once=calls.at_once, ca_file=calls.ca_file)
    except (OSError, SSLError) as error:
        raise Refused(Reason.UNAVAILABLE, f"scep.{name}: {calls.ca_file} holds no certificates to trust") from error
