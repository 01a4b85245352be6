"""The mails of email-reply-00: which are sent, and what comes of the answers."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from emca_daemon.names import ProfileName
from emca_daemon.policy.profile_names import MailRules, NameRules
from emca_daemon.protocols.acme.email_desk import EmailDesk, Receipt, mail_key
from emca_daemon.randomness import system_random
from emca_daemon.settings.acme import AcmeLimitsSettings, AcmeSettings, Rate
from tests.support.acme_client import Answer, thumbprint_of
from tests.support.acme_world import BASE_URL, AcmeWorld
from tests.support.mail import ALICE, CA, SETTINGS, Mailbox, block, html_only

ENDPOINT = AcmeSettings(
    base_url=BASE_URL, profile=ProfileName("tls-server"), challenges=("email-reply-00",), email=SETTINGS
)


class MailWorld(AcmeWorld):
    """An endpoint that proves mailboxes."""

    def __init__(self, settings: AcmeSettings = ENDPOINT) -> None:
        super().__init__(settings, names=NameRules(email=MailRules()))
        key = mail_key(self.store, system_random)
        self.mails = EmailDesk(self.store, "main", settings.email, key, self.clock, "ca.test")
        self.customer = self.account()

    def order(self, address: str = ALICE) -> Answer:
        """An order for a mailbox."""
        payload = {"identifiers": [{"type": "email", "value": address}]}
        return self.customer.post(self.customer.url("/new-order"), payload)

    def mailbox(self) -> Mailbox:
        """One that has got the mail of a new order, and the order's challenge."""
        self.challenge = self.customer.challenge(self.order(), "email-reply-00")
        (outgoing,) = self.mails.due(10)
        self.mails.sent(outgoing.mail)
        assert outgoing.recipient == ALICE
        return Mailbox(outgoing.message, self.challenge["token"], thumbprint_of(self.customer.key))

    @property
    def answered(self) -> bool:
        """Whether the right answer came."""
        mail = self.mails.standing(self.challenge["url"].rpartition("/")[2])
        return mail is not None and mail.answered is not None


def test_the_right_answer() -> None:
    """It is kept with who signed it, once; whoever validates is told to look at once; all of it is audited."""
    world = MailWorld()
    alice = world.mailbox()
    assert world.challenge["from"] == CA
    world.customer.post(world.challenge["url"], {})
    (task,) = world.desk.due("worker", 10)
    world.desk.put_off(task, timedelta(seconds=30))
    assert world.desk.due("worker", 10) == []
    assert world.mails.receive(alice.answer()) == Receipt(note="the challenge is answered")
    assert world.answered
    assert [one.challenge_id for one in world.desk.due("worker", 10)] == [task.challenge_id]
    assert ("authorization.answer", "success") in world.actions()
    assert world.mails.receive(alice.answer()) == Receipt(note="the challenge was answered before")


SILENT: list[tuple[str, Callable[[Mailbox], bytes]]] = [
    ("another sender", lambda alice: alice.answer(From="mallory@example.com")),
    ("another sender by name", lambda alice: alice.answer(From=f'"{ALICE}" <mallory@example.com>')),
    ("two senders", lambda alice: alice.answer(From=f"{ALICE}, mallory@example.com")),
    ("another case", lambda alice: alice.answer(From="ALICE@example.com")),
    ("no verdict", lambda alice: alice.answer(Authentication_Results=None)),
    ("no signature", lambda alice: alice.answer(DKIM_Signature=None)),
    ("DKIM failed", lambda alice: alice.answer(Authentication_Results="mx.ca.test; dkim=fail; dmarc=pass")),
    ("no reply", lambda alice: alice.answer(In_Reply_To=None)),
    ("to another mail", lambda alice: alice.answer(In_Reply_To="<one@ca.test>")),
    ("to a challenge that is not", lambda alice: alice.answer(In_Reply_To="<acme.AAAAAAAAAAAAAAAAAAAA@ca.test>")),
    ("no mail", lambda _: b"\x00\xff"),
]


@pytest.mark.parametrize("mail", [mail for _, mail in SILENT], ids=[name for name, _ in SILENT])
def test_mails_that_prove_nothing_are_dropped(mail: Callable[[Mailbox], bytes]) -> None:
    """Whoever sent them hears nothing, and the challenge still stands."""
    world = MailWorld()
    alice = world.mailbox()
    receipt = world.mails.receive(mail(alice))
    assert receipt.refusal == ""
    assert receipt.note
    assert not world.answered
    assert world.mails.receive(alice.answer()).refusal == ""
    assert world.answered


WRONG: list[tuple[str, Callable[[Mailbox], bytes], str]] = [
    ("wrong digest", lambda alice: alice.answer(block("A" * 43)), "not the one expected"),
    ("no response", lambda alice: alice.answer("I am on holiday"), "holds no ACME response"),
    ("another subject", lambda alice: alice.answer(Subject="Re: ACME: AAAA"), "subject"),
    ("two subjects", lambda alice: alice.answer(Subject="a\nSubject: b"), "subject"),
    ("to others", lambda alice: alice.answer(To="other@ca.test"), "is not to"),
    (
        "HTML only",
        lambda alice: alice.answer(str(html_only(alice.digest).get_payload()), Content_Type="text/html"),
        "no text/plain",
    ),
]


@pytest.mark.parametrize(("mail", "why"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_wrong_answers_are_told_and_change_nothing(mail: Callable[[Mailbox], bytes], why: str) -> None:
    """The sender is known, so it may hear why; another answer may come."""
    world = MailWorld()
    alice = world.mailbox()
    assert why in world.mails.receive(mail(alice)).refusal
    assert world.actions()[-1] == ("authorization.answer", "refused")
    assert not world.answered
    world.mails.receive(alice.answer())
    assert world.answered


def test_an_answer_to_another_challenge_is_no_answer() -> None:
    """Replayed against a second order's challenge it proves nothing."""
    world = MailWorld()
    first, second = world.mailbox(), world.mailbox()
    replayed = first.answer(In_Reply_To=str(second.mail["Message-ID"]))
    assert "subject" in world.mails.receive(replayed).refusal
    assert not world.answered


def test_a_closed_authorization_takes_no_answer() -> None:
    """Expired, or of another endpoint."""
    world = MailWorld()
    alice = world.mailbox()
    other = EmailDesk(world.store, "other", SETTINGS, b"key", world.clock, "ca.test")
    assert "not there" in other.receive(alice.answer()).note
    world.clock.now += timedelta(days=8)
    assert "not pending" in world.mails.receive(alice.answer()).note
    assert not world.answered


def test_mails_are_sent_once() -> None:
    """One that was taken is nobody else's; one that is not reported on is due again later, with the same tokens."""
    world = MailWorld()
    world.order()
    (first,) = world.mails.due(10)
    assert world.mails.due(10) == []
    world.mails.not_sent(first.mail, "busy", for_good=False)
    world.clock.now += timedelta(minutes=2)
    (again,) = world.mails.due(10)
    assert again.mail.attempts == 2
    world.mails.sent(again.mail)
    world.clock.now += timedelta(days=1)
    assert world.mails.due(10) == []


def test_mails_that_are_not_taken_are_given_up() -> None:
    """At once where the relay says so, else after some tries; the challenge says why."""
    world = MailWorld(replace(ENDPOINT, email=replace(SETTINGS, send_attempts=1)))
    for for_good in (True, False):
        world.order()
        (outgoing,) = world.mails.due(10)
        world.mails.not_sent(outgoing.mail, "no such user", for_good=for_good)
        mail = world.mails.standing(outgoing.mail.challenge_id)
        assert mail is not None
        assert (mail.due, mail.fault) == (None, "the challenge mail was not taken: no such user")


def test_nobody_gets_mail_for_an_order_that_has_expired() -> None:
    """It is due no more."""
    world = MailWorld()
    world.order()
    world.clock.now += timedelta(days=8)
    assert world.mails.due(10) == []
    assert world.mails.due(10) == []


def test_mails_to_one_address_are_limited() -> None:
    """Whoever orders; others still get theirs."""
    limits = AcmeLimitsSettings(mails_per_address=Rate(1, timedelta(hours=1)))
    world = MailWorld(replace(ENDPOINT, limits=limits))
    assert world.order().status == 201
    assert world.order().problem == "429 rateLimited"
    assert world.order("bob@example.com").status == 201


@pytest.mark.parametrize(
    "address",
    [
        "alice",
        "*@example.com",
        "a@b@example.com",
        "a@example.com\r\nBcc: c@d.example",
        "a b@example.com",
        '"a"@example.com',
    ],
)
def test_identifiers_that_are_no_mailbox_are_rejected(address: str) -> None:
    """No header gets in by an identifier, and no mail goes out."""
    world = MailWorld()
    assert world.order(address).problem == "400 rejectedIdentifier"
    assert world.mails.due(10) == []
