"""Sending the mails of email-reply-00, and the verdict on challenges whose answer comes by mail (RFC 8823)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Protocol

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from emca_daemon.errors import Reason, Refused
from emca_daemon.outbound.acme_answers import Verdict
from emca_daemon.outbound.acme_validation import Fetches, Run
from emca_daemon.outbound.looking import CaaAsking
from emca_daemon.protocols.acme.caa import Asking
from emca_daemon.protocols.acme.email_desk import EmailDesk
from emca_daemon.protocols.acme.email_reply import EMAIL_REPLY_00, ChallengeMail
from emca_daemon.protocols.acme.errors import Problem
from emca_daemon.protocols.acme.tasks import ValidationTask

SWEEP_SECONDS = 2.0
_AT_ONCE = 10

LOOK_AGAIN = timedelta(seconds=30)
"""How long until an answer is looked for again; one that comes is noticed at once."""


class Sends(Protocol):
    """Sends a mail."""

    async def send(self, recipient: str, message: bytes) -> None:
        """Raises Refused(NOT_PERMITTED) for what will never be taken, UNAVAILABLE for what may be."""


class Mailing(Service):
    """Sends the mails of one endpoint that are due, one after the other."""

    _log = Logger()

    def __init__(self, reactor: Any, desk: EmailDesk, relay: Sends, run: Run) -> None:
        """`reactor` provides IReactorTime."""
        self._desk = desk
        self._relay = relay
        self._run = run
        self._sweep = LoopingCall(lambda: Deferred.fromCoroutine(self._send_due()).addErrback(self._tell))
        self._sweep.clock = reactor

    def startService(self) -> None:  # noqa: N802 - twisted's name
        """Begin to sweep."""
        super().startService()  # type: ignore[no-untyped-call]
        self._sweep.start(SWEEP_SECONDS)

    def stopService(self) -> None:  # noqa: N802
        """Take no more mails; one under way that is not reported is sent again later."""
        super().stopService()  # type: ignore[no-untyped-call]
        if self._sweep.running:
            self._sweep.stop()

    async def _send_due(self) -> None:
        """Send what is due."""
        try:
            outgoing = await self._run(lambda: self._desk.due(_AT_ONCE))
            for one in outgoing:
                await self._send(one.mail, one.recipient, one.message)
        except Refused as refused:
            self._log.warn("cannot look for challenge mails: {why}", why=refused.detail)

    async def _send(self, mail: ChallengeMail, recipient: str, message: bytes) -> None:
        """Send one and report."""
        try:
            await self._relay.send(recipient, message)
        except Refused as refused:
            why, for_good = refused.detail, refused.reason is Reason.NOT_PERMITTED
            self._log.warn("challenge mail not sent: {why}", why=why)
            await self._run(lambda: self._desk.not_sent(mail, why, for_good=for_good))
            return
        await self._run(lambda: self._desk.sent(mail))

    def _tell(self, failure: Failure) -> None:
        self._log.failure("sending challenge mails", failure=failure)


class MailedFetches:
    """Attempts for an endpoint: challenges by mail by what came of their mails, all others as before."""

    def __init__(
        self, others: Fetches, desk: EmailDesk, run: Run, caa: CaaAsking | None, identities: Sequence[str]
    ) -> None:
        """`caa` is asked for `issuemail` records (RFC 9495), where it is asked at all."""
        self._others = others
        self._desk = desk
        self._run = run
        self._caa = caa
        self._identities = identities

    async def verdict(self, task: ValidationTask) -> Verdict:
        """What came of one attempt."""
        if task.type != EMAIL_REPLY_00:
            return await self._others.verdict(task)
        try:
            mail = await self._run(lambda: self._desk.standing(task.challenge_id))
        except Refused:
            return Verdict(None, later=LOOK_AGAIN)
        if mail is None or mail.fault:
            return Verdict(Problem("connection", "the challenge has no mail" if mail is None else mail.fault))
        if mail.answered is None:
            return Verdict(None, later=LOOK_AGAIN)
        if self._caa is not None:
            asking = Asking(self._identities, task.account_url, task.type, wildcard=False)
            problem = await self._caa.problem(task.identifier, asking)
            if problem is not None:
                return Verdict(problem, retry=problem.type == "dns")
        return Verdict(None, details={"answered": mail.answered.isoformat(), "signer": mail.signer})
