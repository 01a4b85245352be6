"""The mail of email-reply-00 and its answer (RFC 8823)."""

from datetime import UTC, datetime

import pytest

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.email_reply import (
    challenge_mail,
    challenge_named,
    expected_digest,
    first_token,
    judge_reply,
    message_id,
)
from emca_daemon.protocols.acme.mail_reading import Fields
from tests.support.mail import ALICE, CA, Mailbox, block, digest_of

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
CHALLENGE = "abcdefghijklmnopqrst"


def sent() -> Mailbox:
    """A mailbox that has the mail."""
    return Mailbox(challenge_mail(CA, ALICE, CHALLENGE, "part-1", NOW, "ca.test"), "part-2", "thumb")


def test_the_mail() -> None:
    """The fields of 3.1, and a text that says what to do."""
    mail = sent().mail
    assert mail["From"] == CA
    assert mail["To"] == ALICE
    assert mail["Subject"] == "ACME: part-1"
    assert mail["Auto-Submitted"] == "auto-generated; type=acme"
    assert mail["Message-ID"] == message_id(CHALLENGE, CA) == f"<acme.{CHALLENGE}@ca.test>"
    assert mail["Date"] == "Wed, 04 Mar 2026 05:06:07 +0000"
    assert mail.get_content_type() == "text/plain"
    assert "do nothing" in mail.get_payload()
    assert "ACME RESPONSE" not in mail.get_payload()


@pytest.mark.parametrize("address", ["", "a@b.example\r\nBcc: c@d.example", "a b@c.example", "a@b.example,c", "<a@b>"])
def test_addresses_that_break_out_are_refused(address: str) -> None:
    """No header fields and no second recipient by an address."""
    with pytest.raises(Refused) as refused:
        challenge_mail(CA, address, CHALLENGE, "part-1", NOW, "ca.test")
    assert refused.value.reason is Reason.NAME_REFUSED


def test_first_tokens() -> None:
    """128 bits and more, the same again for one challenge, never for two."""
    assert len(first_token(b"key", "one")) == 32
    assert first_token(b"key", "one") == first_token(b"key", "one")
    assert len({first_token(b"key", "one"), first_token(b"key", "two"), first_token(b"other", "one")}) == 3


@pytest.mark.parametrize(
    "text", ["", "<x@ca.test>", f"<acme.{CHALLENGE}@evil.test>", f"<acme.{CHALLENGE}@ca.test> <b@c>"]
)
def test_messages_that_are_none_of_ours(text: str) -> None:
    """Only a Message-ID of ours names a challenge."""
    assert challenge_named(text, CA) is None
    assert challenge_named(f" {message_id(CHALLENGE, CA)} ", CA) == CHALLENGE


def test_the_digest() -> None:
    """SHA-256 over both parts of the token and the thumbprint, in base64url."""
    assert expected_digest("a", "b", "c") == digest_of("a", "b", "c")
    assert len(expected_digest("a", "b", "c")) == 43


def judge(subject: str, text: str) -> None:
    """Judge an answer to the mail."""
    judge_reply(Fields((("subject", subject),)), text, "part-1", sent().digest)


@pytest.mark.parametrize(
    "subject", ["Re: ACME: part-1", "ACME:part-1", "=?utf-8?q?R=C3=A9p_=3A_ACME=3A_part-1?=", "Re: ACME: pa rt-1"]
)
def test_right_answers(subject: str) -> None:
    """Whatever a mail program makes of the subject, and whatever stands around the response."""
    digest = sent().digest
    judge(subject, f"Hello,\n{block(digest)}Yours")
    judge(subject, block(f"{digest[:20]}\r\n  {digest[20:]}="))


@pytest.mark.parametrize("name", ["list-id", "list-unsubscribe-post"])
def test_answers_through_mailing_lists_are_refused(name: str) -> None:
    """Nobody's mailbox is one (3.2, 6)."""
    fields = Fields((("subject", "Re: ACME: part-1"), (name, "x")))
    with pytest.raises(Refused, match="mailing list"):
        judge_reply(fields, block(sent().digest), "part-1", sent().digest)


@pytest.mark.parametrize("subject", ["", "Re: part-1", "ACME: part-2", "ACME: part-11"])
def test_other_subjects_are_refused(subject: str) -> None:
    """The first part of the token must be there."""
    with pytest.raises(Refused, match="subject"):
        judge(subject, block(sent().digest))


@pytest.mark.parametrize(
    "text", ["", "x", block(""), block("A" * 43), block("é" * 43), block("A" * 4000), "-----BEGIN ACME RESPONSE-----"]
)
def test_other_responses_are_refused(text: str) -> None:
    """None, cut off, wrong, or of another kind."""
    with pytest.raises(Refused, match="response"):
        judge("Re: ACME: part-1", text)
