"""The challenge email-reply-00 (RFC 8823): the mail that is sent, and how the answer to it is judged."""

import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256

from josepy.b64 import b64encode

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.mail_reading import Fields, decoded

EMAIL_REPLY_00 = "email-reply-00"

_TOKEN_BYTES = 24
_BEGIN, _END = "-----BEGIN ACME RESPONSE-----", "-----END ACME RESPONSE-----"
_DIGEST = re.compile(r"[A-Za-z0-9_-]{43}=?")
_SUBJECT = re.compile(r"ACME:\s*([A-Za-z0-9_\s-]+)")

_TEXT = """\
Somebody, we hope you, asks {name}
for a certificate for the address {recipient}.

If it was you, your mail program or the program with which you asked answers
this mail by itself, or tells you how to answer it. Nothing else is needed.

If it was not you, do nothing: without an answer there is no certificate.
"""


@dataclass(frozen=True, slots=True)
class ChallengeMail:
    """How the mail of one challenge stands.

    `due` is when it is to be sent (None: it was, or is not any more), `attempts` counts tries; `fault` says why it
    could not be sent at all. `answered` is when the right answer came, `signer` whose DKIM signature it had.
    """

    challenge_id: str
    due: datetime | None
    attempts: int = 0
    fault: str = ""
    answered: datetime | None = None
    signer: str = ""


def first_token(key: bytes, challenge_id: str) -> str:
    """Token-part1: in the mail alone, and never the same for two challenges."""
    return b64encode(hmac.digest(key, b"token-part1\x00" + challenge_id.encode(), "sha256")[:_TOKEN_BYTES]).decode()


def message_id(challenge_id: str, sender: str) -> str:
    """The Message-ID of a challenge's mail."""
    return f"<acme.{challenge_id}@{sender.rpartition('@')[2]}>"


def challenge_named(in_reply_to: str, sender: str) -> str | None:
    """The challenge whose mail is answered; None if it is none of ours."""
    domain = re.escape(sender.rpartition("@")[2])
    match = re.fullmatch(rf"<acme\.([A-Za-z0-9_-]{{8,64}})@{domain}>", in_reply_to.strip())
    return None if match is None else match[1]


def expected_digest(first: str, second: str, thumbprint: str) -> str:
    """Base64url of SHA-256 over the key authorization of both parts of the token (3.1, 3.2)."""
    return b64encode(sha256(f"{first}{second}.{thumbprint}".encode()).digest()).decode()


def challenge_mail(sender: str, recipient: str, challenge_id: str, first: str, now: datetime, name: str) -> bytes:
    """The mail (3.1), in lines that end in CRLF; raises Refused(NAME_REFUSED) for an address that would break out."""
    if not re.fullmatch(r"[!-~]{1,254}", recipient) or any(mark in recipient for mark in '<>",;:()\\'):
        raise Refused(Reason.NAME_REFUSED, "the address cannot be written to")
    lines = [
        f"From: {sender}",
        f"To: {recipient}",
        f"Subject: ACME: {first}",
        f"Date: {format_datetime(now)}",
        f"Message-ID: {message_id(challenge_id, sender)}",
        "Auto-Submitted: auto-generated; type=acme",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=us-ascii",
        "Content-Transfer-Encoding: 7bit",
        "",
        *_TEXT.format(name=name, recipient=recipient).splitlines(),
        "",
    ]
    return "\r\n".join(lines).encode("ascii")


def judge_reply(fields: Fields, text: str, first: str, expected: str) -> None:
    """Raise Refused(NOT_PERMITTED) unless subject and text are those of the right answer, of no mailing list (3.2)."""
    if any(name.startswith("list-") for name, _ in fields.fields):
        raise _wrong("the mail came through a mailing list")
    subject = _SUBJECT.search(decoded(fields.one("subject")))
    token = "" if subject is None else "".join(subject[1].split())
    if not hmac.compare_digest(token.encode(), first.encode()):
        raise _wrong("the subject does not hold the token of the challenge")
    _, begin, rest = text.partition(_BEGIN)
    block, end, _ = rest.partition(_END)
    digest = "".join(block.split())
    if not begin or not end or not _DIGEST.fullmatch(digest):
        raise _wrong("the text holds no ACME response")
    if not hmac.compare_digest(digest.rstrip("=").encode(), expected.encode()):
        raise _wrong("the ACME response is not the one expected")


def _wrong(detail: str) -> Refused:
    return Refused(Reason.NOT_PERMITTED, detail)
