"""Challenges by mail in one process: who sends, who listens, and who knows what came of it."""

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from twisted.application.service import Service

from emca_daemon.composition.core import Core
from emca_daemon.listeners.workers import WORKER_VARIABLE
from emca_daemon.outbound.acme_mail import MailedFetches, Mailing
from emca_daemon.outbound.acme_validation import Fetches, Run
from emca_daemon.outbound.caa import CaaCheck
from emca_daemon.outbound.dns import Lookups
from emca_daemon.outbound.dns_exchange import Exchange
from emca_daemon.protocols.acme.email_desk import EmailDesk, mail_key
from emca_daemon.protocols.acme.email_reply import EMAIL_REPLY_00
from emca_daemon.settings.acme import AcmeSettings


def email_desks(core: Core) -> dict[str, EmailDesk]:
    """A desk for each endpoint that offers challenges by mail."""
    offering = {name: one for name, one in core.settings.acme.items() if EMAIL_REPLY_00 in one.challenges}
    if not offering:
        return {}
    key = mail_key(core.store, core.random)
    return {
        name: EmailDesk(core.store, name, one.email, key, core.clock, urlsplit(one.base_url).hostname or name)
        for name, one in offering.items()
    }


def email_services(
    core: Core, reactor: Any, run: Run, desks: Mapping[str, EmailDesk], environment: Mapping[str, str] = os.environ
) -> tuple[Service, ...]:
    """Who sends, in every process, and who listens, in the first of a host's.

    Where nobody does, SMTP's library is not loaded.
    """
    services: list[Service] = []
    if not desks:
        return ()
    from emca_daemon.listeners.mail import MailListener
    from emca_daemon.outbound.relay import Relay

    for name, desk in desks.items():
        settings = core.settings.acme[name].email
        services.append(Mailing(reactor, desk, Relay(reactor, settings), run))
        if environment.get(WORKER_VARIABLE, "1") == "1":
            services.append(MailListener(reactor, settings, _receiving(desk, run)))
    return tuple(services)


def _receiving(desk: EmailDesk, run: Run) -> Any:
    return lambda raw: run(lambda: desk.receive(raw))


def mailed(core: Core, reactor: Any, settings: AcmeSettings, others: Fetches, desk: EmailDesk, run: Run) -> Fetches:
    """Attempts that know about mails, too."""
    caa = None
    if settings.caa == "on":
        lookups = Lookups(settings.network, Exchange(reactor, core.random))
        caa = CaaCheck(reactor, lookups, settings.network.timeout.total_seconds())
    return MailedFetches(others, desk, run, caa, settings.caa_identities)
