"""Answers to challenge mails as honest clients, and others, send them."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from hashlib import sha256

from emca_daemon.settings.acme_email import AcmeEmailSettings
from tests.support.acme_client import b64

CA, ALICE, MX = "acme@ca.test", "alice@example.com", "mx.ca.test"
SETTINGS = AcmeEmailSettings(address=CA, relay="relay.ca.test", authserv_id=MX)
VERDICT = f"{MX}; dkim=pass (2048-bit key) header.d=example.com header.b=abc; dmarc=pass header.from=example.com"
SIGNATURE = (
    "v=1; a=rsa-sha256; d=example.com; s=one; h=From:Sender:Reply-To:To:Cc:Subject:Date:In-Reply-To:References:"
    "Message-ID:Content-Type:Content-Transfer-Encoding; bh=abc; b=abc"
)


def digest_of(first: str, second: str, thumbprint: str) -> str:
    """The ACME response (RFC 8823 3.2)."""
    return b64(sha256(f"{first}{second}.{thumbprint}".encode()).digest())


def block(digest: str) -> str:
    """The digest between its marks."""
    return f"-----BEGIN ACME RESPONSE-----\n{digest}\n-----END ACME RESPONSE-----\n"


class Mailbox:
    """A user who got a challenge mail and has the other half of the token."""

    def __init__(self, challenge: bytes, second: str, thumbprint: str) -> None:
        self.mail = message_from_bytes(challenge, policy=policy.default)
        found = re.fullmatch(r"ACME: (\S+)", str(self.mail["Subject"]))
        assert found is not None
        self.first = found[1]
        self.digest = digest_of(self.first, second, thumbprint)

    def answer(self, text: str | None = None, **changes: str | None) -> bytes:
        """The right answer; `changes` replace header fields (underscores for hyphens), None leaves one out."""
        fields: dict[str, str | None] = {
            "Authentication-Results": VERDICT,
            "DKIM-Signature": SIGNATURE,
            "From": f"Alice <{ALICE}>",
            "To": CA,
            "Subject": f"Re: ACME: {self.first}",
            "In-Reply-To": str(self.mail["Message-ID"]),
            "Date": "Sat, 5 Dec 2020 10:12:00 +0000",
            "Message-ID": "<one@example.com>",
            "Content-Type": "text/plain; charset=us-ascii",
            **{name.replace("_", "-"): value for name, value in changes.items()},
        }
        lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
        content = block(self.digest) if text is None else text
        return ("\n".join([*lines, "", content])).encode().replace(b"\n", b"\r\n")


def html_only(digest: str) -> EmailMessage:
    """A mail program that sends nothing but HTML."""
    message = EmailMessage()
    message.set_content(f"<pre>{block(digest)}</pre>", subtype="html")
    return message
