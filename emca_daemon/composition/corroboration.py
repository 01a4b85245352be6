"""The perspectives of an ACME endpoint, put around its attempts and its CAA checks."""

from collections.abc import Callable
from typing import Any

from emca_daemon.composition.core import Core
from emca_daemon.errors import Reason, Refused
from emca_daemon.outbound.acme_answers import AnswerFetches
from emca_daemon.outbound.acme_validation import Fetches
from emca_daemon.outbound.caa import CaaCheck
from emca_daemon.outbound.corroboration import Corroborated, CorroboratedCaa, Note
from emca_daemon.outbound.looking import CaaAsking
from emca_daemon.outbound.perspectives import PinnedTls, RemoteEyes
from emca_daemon.protocols.acme.corroboration import usual_quorum
from emca_daemon.settings.acme import AcmeSettings
from emca_daemon.settings.secrets import secret_path

Noted = Callable[[str, str, str], None]
"""Counts a finding: endpoint, perspective, `ok` or a problem's type."""


def corroborated(
    core: Core, reactor: Any, endpoint: str, settings: AcmeSettings, own: Fetches, note: Noted
) -> Corroborated:
    """Attempts that enough perspectives must confirm; raises Refused for TLS files that cannot be used."""
    remotes = {
        name: AnswerFetches(reactor, one, one, one, settings, core.clock)
        for name, one in eyes(reactor, settings).items()
    }
    return Corroborated(own, remotes, quorum(settings), _noting(endpoint, note))


def corroborated_caa(
    reactor: Any, endpoint: str, settings: AcmeSettings, own: CaaAsking, note: Noted
) -> CorroboratedCaa:
    """CAA that enough perspectives must see; raises Refused for TLS files that cannot be used."""
    seconds = settings.network.timeout.total_seconds()
    remotes = {name: CaaCheck(reactor, one, seconds) for name, one in eyes(reactor, settings).items()}
    return CorroboratedCaa(own, remotes, quorum(settings), _noting(endpoint, note))


def eyes(reactor: Any, settings: AcmeSettings) -> dict[str, RemoteEyes]:
    """The perspectives of an endpoint by name; raises Refused for TLS files that cannot be used."""
    perspectives = settings.perspectives
    if perspectives.certificate is None or perspectives.key is None:
        raise Refused(Reason.WRONG_STATE, "perspectives need a certificate and a key to know this daemon by")
    certificate, key = perspectives.certificate, secret_path(perspectives.key)
    seconds = perspectives.timeout.total_seconds()
    return {
        name: RemoteEyes(reactor, remote.address, PinnedTls(certificate, key, remote.certificate), seconds)
        for name, remote in perspectives.remotes.items()
    }


def quorum(settings: AcmeSettings) -> int:
    """How many perspectives must agree."""
    return settings.perspectives.quorum or usual_quorum(len(settings.perspectives.remotes))


def _noting(endpoint: str, note: Noted) -> Note:
    return lambda name, outcome: note(endpoint, name, outcome)
