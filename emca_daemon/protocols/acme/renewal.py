"""When certificates should be renewed, and how requests name them (RFC 9773)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from josepy.b64 import b64encode

from emca_daemon.ca.records import CertificateRecord
from emca_daemon.errors import Reason
from emca_daemon.names import SerialNumber
from emca_daemon.protocols.acme.errors import malformed
from emca_daemon.protocols.acme.records import RenewalPlan
from emca_daemon.protocols.json_text import read_base64url

_LONGEST = 120
"""Characters of a name; twice twenty octets make 55."""


@dataclass(frozen=True, slots=True)
class Window:
    """When to renew: at any moment from `start` to `end`; `explanation` is a page about an unusual one."""

    start: datetime
    end: datetime
    explanation: str | None = None


def read_certificate_name(text: object) -> tuple[bytes, SerialNumber]:
    """Authority key identifier and serial number behind `AKI.SERIAL` (RFC 9773 4.1); raises malformed."""
    if not isinstance(text, str) or len(text) > _LONGEST or text.count(".") != 1:
        raise malformed("a certificate is named by its authority key identifier, a dot and its serial number")
    key, _, serial = text.partition(".")
    what = "the name of the certificate"
    key_identifier = read_base64url(key, what, Reason.MALFORMED)
    octets = read_base64url(serial, what, Reason.MALFORMED)
    number = int.from_bytes(octets, "big")
    if not key_identifier or number == 0 or octets != _octets(number):
        raise malformed("the serial number in the name of the certificate is not the content of a DER integer")
    return key_identifier, SerialNumber(number)


def certificate_name(key_identifier: bytes, serial: int) -> str:
    """The name of a certificate in requests and addresses."""
    return f"{b64encode(key_identifier).decode()}.{b64encode(_octets(serial)).decode()}"


def _octets(number: int) -> bytes:
    """The content octets of a positive DER integer."""
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def suggested_window(record: CertificateRecord, plans: Iterable[RenewalPlan]) -> Window:
    """When to renew a certificate: two thirds into its life, or by a plan, or, once it is revoked, at once."""
    intent = record.intent
    if record.revocation is not None:
        return Window(record.revocation.at - timedelta(hours=1), record.revocation.at)
    life = intent.not_after - intent.not_before
    start = (intent.not_before + life * 2 / 3).replace(microsecond=0)
    window = Window(start, start + max(life / 30, timedelta(seconds=1)))
    for plan in plans:
        concerned = plan.profile in {None, intent.profile} and intent.created <= plan.created
        if plan.cancelled is None and concerned and plan.begins < window.start:
            window = Window(plan.begins, plan.ends, plan.explanation)
    return window
