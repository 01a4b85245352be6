"""The mails of email-reply-00 (RFC 8823): which are to be sent, and what comes of the answers."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from emca_daemon.ca.records import AuditEvent, AuditValue
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.email_reply import (
    EMAIL_REPLY_00,
    ChallengeMail,
    challenge_mail,
    challenge_named,
    expected_digest,
    first_token,
    judge_reply,
)
from emca_daemon.protocols.acme.mail_authenticity import signing_domain
from emca_daemon.protocols.acme.mail_reading import Fields, addresses, plain_text, read_mail, single_address
from emca_daemon.protocols.acme.ports import AcmeStore, Writing
from emca_daemon.protocols.acme.records import Authorization
from emca_daemon.protocols.acme.states import AuthorizationStatus, ChallengeStatus, authorization_status
from emca_daemon.randomness import RandomBytes
from emca_daemon.settings.acme_email import AcmeEmailSettings

_RETRY = timedelta(seconds=30)


def mail_key(store: AcmeStore, random: RandomBytes) -> bytes:
    """The secret of the mails' tokens, which all processes on a database share."""
    with store.writing() as tx:
        return tx.acme.secret("email-reply", random(32))


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail to be sent now."""

    mail: ChallengeMail
    recipient: str
    message: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What becomes of a mail that came in: `refusal` is told to its sender, `note` to the log only."""

    refusal: str = ""
    note: str = ""


class EmailDesk:
    """The mails of one endpoint."""

    def __init__(
        self, store: AcmeStore, endpoint: str, settings: AcmeEmailSettings, key: bytes, clock: Clock, name: str
    ) -> None:
        """`name` is how the CA calls itself in mails; `settings` have an address and an `authserv_id`."""
        self._store = store
        self._endpoint = endpoint
        self._settings = settings
        self._address = settings.address or ""
        self._key = hmac.digest(key, endpoint.encode(), "sha256")
        self._clock = clock
        self._name = name

    def due(self, limit: int) -> list[Outgoing]:
        """Take up to `limit` mails that are to be sent; who takes one and does not report tries again later."""
        now = self._clock()
        with self._store.reading() as tx:
            waiting = tx.acme.due_mails(self._endpoint, now, limit)
        if not waiting:
            return []
        with self._store.writing() as tx:
            taken = [self._take(tx, mail, now) for mail in waiting]
        return [one for one in taken if one is not None]

    def _take(self, tx: Writing, mail: ChallengeMail, now: datetime) -> Outgoing | None:
        found = tx.acme.challenged(mail.challenge_id)
        if found is None or authorization_status(found, now) is not AuthorizationStatus.PENDING:
            tx.acme.update_mail(mail, replace(mail, due=None))
            return None
        later = now + self._settings.send_timeout + _RETRY * 2**mail.attempts
        taken = replace(mail, due=later, attempts=mail.attempts + 1)
        if not tx.acme.update_mail(mail, taken):
            return None
        recipient, first = found.identifier.value, first_token(self._key, mail.challenge_id)
        message = challenge_mail(self._address, recipient, mail.challenge_id, first, now, self._name)
        return Outgoing(taken, recipient, message)

    def sent(self, mail: ChallengeMail) -> None:
        """The relay took it."""
        with self._store.writing() as tx:
            tx.acme.update_mail(mail, replace(mail, due=None))

    def not_sent(self, mail: ChallengeMail, why: str, *, for_good: bool) -> None:
        """The relay did not: it is tried again later, or `for_good` never."""
        if not for_good and mail.attempts < self._settings.send_attempts:
            return
        with self._store.writing() as tx:
            tx.acme.update_mail(mail, replace(mail, due=None, fault=f"the challenge mail was not taken: {why[:200]}"))

    def standing(self, challenge_id: str) -> ChallengeMail | None:
        """How a challenge's mail stands."""
        with self._store.reading() as tx:
            return tx.acme.mail(challenge_id)

    def receive(self, raw: bytes) -> Receipt:
        """Judge a mail that came in.

        What cannot be proved to come from the mailbox is dropped without a word, as its sender may be somebody else;
        who is known and answered wrongly is told so. A wrong answer changes nothing: another may come.
        """
        try:
            fields, body = read_mail(raw)
            challenge_id = challenge_named(fields.one("in-reply-to"), self._address)
        except Refused as refused:
            return Receipt(note=refused.detail)
        if challenge_id is None:
            return Receipt(note="the mail answers none of ours")
        with self._store.writing() as tx:
            return self._judge(tx, challenge_id, fields, body)

    def _judge(self, tx: Writing, challenge_id: str, fields: Fields, body: bytes) -> Receipt:
        now, found, mail = self._clock(), tx.acme.challenged(challenge_id), tx.acme.mail(challenge_id)
        if found is None or mail is None or found.endpoint != self._endpoint:
            return Receipt(note="the challenge is not there (any more)")
        if mail.answered is not None:
            return Receipt(note="the challenge was answered before")
        if authorization_status(found, now) is not AuthorizationStatus.PENDING:
            return Receipt(note="the authorization is not pending any more")
        try:
            signer = self._authenticate(fields, found)
        except Refused as refused:
            tx.audit.append(self._event(found, now, "refused", {"challenge": challenge_id, "why": refused.detail}))
            return Receipt(note=refused.detail)
        try:
            self._compare(tx, challenge_id, found, fields, body)
        except Refused as refused:
            tx.audit.append(self._event(found, now, "refused", {"challenge": challenge_id, "why": refused.detail}))
            return Receipt(refused.detail, refused.detail)
        tx.acme.update_mail(mail, replace(mail, due=None, answered=now, signer=signer))
        tx.audit.append(self._event(found, now, "success", {"challenge": challenge_id, "signer": signer}))
        self._hurry(tx, found, challenge_id, now)
        return Receipt(note="the challenge is answered")

    def _authenticate(self, fields: Fields, found: Authorization) -> str:
        """Whose signature speaks for the mail; raises Refused unless it is from the mailbox itself."""
        sender, expected = single_address(fields.one("from")), found.identifier.value
        if sender != expected:
            raise Refused(Reason.NOT_AUTHENTICATED, f"the mail is not from {expected}")
        domain = expected.rpartition("@")[2]
        dmarc = self._settings.dmarc == "required"
        return signing_domain(fields, self._settings.authserv_id or "", domain, dmarc=dmarc)

    def _compare(self, tx: Writing, challenge_id: str, found: Authorization, fields: Fields, body: bytes) -> None:
        account = tx.acme.account(found.account_id)
        challenge = next(one for one in found.challenges if one.id == challenge_id)
        if self._address.lower() not in addresses(fields.all("to")):
            raise Refused(Reason.NOT_PERMITTED, f"the mail is not to {self._address}")
        first = first_token(self._key, challenge_id)
        expected = expected_digest(first, challenge.token, "" if account is None else account.thumbprint)
        judge_reply(fields, plain_text(fields, body), first, expected)

    def _hurry(self, tx: Writing, found: Authorization, challenge_id: str, now: datetime) -> None:
        """Whoever validates need not wait any longer, where the client has said that it is ready."""
        challenge = next(one for one in found.challenges if one.id == challenge_id)
        if challenge.status is ChallengeStatus.PROCESSING:
            tx.acme.update_challenge(replace(challenge, next_attempt=now), ChallengeStatus.PROCESSING)

    def _event(
        self, found: Authorization, now: datetime, outcome: str, details: Mapping[str, AuditValue]
    ) -> AuditEvent:
        return AuditEvent(
            at=now,
            actor=f"acme:{self._endpoint}:{found.account_id}",
            proof=EMAIL_REPLY_00,
            origin=self._endpoint,
            request_id=str(details["challenge"]),
            action="authorization.answer",
            subject=str(found.name),
            outcome=outcome,
            details={"authorization": found.id, **details},
        )
