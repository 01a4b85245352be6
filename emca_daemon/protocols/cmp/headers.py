"""What a header must be like (RFC 9483 3.1, 3.5), and whose turn it is in a transaction."""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256

from cryptography.hazmat import asn1

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp import CERTIFICATE_PROFILE, CONFIRM_WAIT_TIME, IMPLICIT_CONFIRM, Body, Header, Message
from emca_daemon.asn1.cmp_status import FailInfo
from emca_daemon.asn1.values import decoded
from emca_daemon.errors import Refused
from emca_daemon.protocols.cmp import macs
from emca_daemon.protocols.cmp.authentication import failure
from emca_daemon.protocols.cmp.credentials import Credential, Kind
from emca_daemon.protocols.cmp.errors import Failure
from emca_daemon.protocols.cmp.records import Stage, Transaction
from emca_daemon.settings.cmp import CmpSettings

VERSIONS = (2, 3)
FOLLOWING = frozenset({Body.CERTCONF, Body.POLLREQ, Body.POPDECR})
"""Bodies that go on with a transaction; an error may, too."""
_PROFILED = frozenset({Body.IR, Body.CR, Body.KUR, Body.P10CR, Body.GENM})
_NONCE_OCTETS = 16


def header_failure(
    message: Message, opened: Transaction | None, settings: CmpSettings, now: datetime
) -> Failure | None:
    """The first thing that is wrong with a header; None where nothing is."""
    checks = (
        *_identity(message, strict=settings.strict),
        *_place(message, opened, strict=settings.strict),
        *_time(message.header, settings, now),
        *_information(message, strict=settings.strict),
    )
    return next(iter(checks), None)


def continuing_failure(opened: Transaction, credential: Credential) -> Failure | None:
    """What is wrong where another one than who opened a transaction goes on with it (RFC 9483 3.2)."""
    by_secret = macs.is_mac(opened.protection)
    if by_secret != (credential.kind is Kind.SECRET):
        return failure(FailInfo.WRONG_INTEGRITY, "a transaction is protected in one way from its start to its end")
    if by_secret and (opened.credential != credential.key or opened.protection != credential.protection.oid):
        return failure(FailInfo.BAD_MESSAGE_CHECK, "a transaction is protected by one secret and one algorithm")
    if opened.credential != credential.key:
        return failure(FailInfo.BAD_REQUEST, "only who opened a transaction may go on with it")
    return None


def _identity(message: Message, *, strict: bool) -> Iterator[Failure]:
    header = message.header
    if header.pvno not in VERSIONS:
        yield failure(FailInfo.UNSUPPORTED_VERSION, "the versions 2 and 3 are spoken here")
    if header.transaction_id is None:
        missing_in_follow_up = strict and message.type in FOLLOWING
        info = FailInfo.BAD_REQUEST if missing_in_follow_up else FailInfo.BAD_DATA_FORMAT
        yield failure(info, "the transactionID is missing")
    elif not header.transaction_id or (strict and len(header.transaction_id) != _NONCE_OCTETS):
        yield failure(FailInfo.BAD_REQUEST, f"a transactionID has {_NONCE_OCTETS} octets")
    size = len(header.sender_nonce or b"")
    if size < _NONCE_OCTETS or (strict and size > _NONCE_OCTETS):
        yield failure(FailInfo.BAD_SENDER_NONCE, f"a senderNonce has {_NONCE_OCTETS} octets")


def is_repeated(message: Message, opened: Transaction | None) -> bool:
    """Whether a message asks once more for an answer that the client may lack.

    It is, octet by octet, the one that opened a transaction which is not over, or a poll that knows of no later answer
    than the last poll did.
    """
    if opened is None:
        return False
    goes_on = opened.stage in (Stage.WAITING, Stage.CONFIRMING)
    if message.type is Body.POLLREQ:
        known = opened.known_nonce is not None and opened.known_nonce == message.header.recipient_nonce
        return known and (goes_on or opened.implicit)
    return goes_on and message.type is opened.request and opened.digest == sha256(message.protected).digest()


def _place(message: Message, opened: Transaction | None, *, strict: bool) -> Iterator[Failure]:
    header = message.header
    if message.type in FOLLOWING:
        if opened is None:
            yield failure(FailInfo.BAD_REQUEST, "there is no such transaction")
        elif header.recipient_nonce != opened.nonce and (strict or not is_repeated(message, opened)):
            yield failure(FailInfo.BAD_RECIPIENT_NONCE, "the recipNonce is not what was sent")
        elif strict and header.sender_nonce == opened.asked_nonce:
            yield failure(FailInfo.BAD_SENDER_NONCE, "the senderNonce was used before")
    elif message.type not in (Body.ERROR, Body.NESTED):  # a nested one has the place of what it holds
        if opened is not None and (strict or not is_repeated(message, opened)):
            yield failure(FailInfo.TRANSACTION_ID_IN_USE, "the transactionID is in use")
        if header.recipient_nonce is not None:
            yield failure(FailInfo.BAD_RECIPIENT_NONCE, "nothing was sent yet that a recipNonce could repeat")


def _time(header: Header, settings: CmpSettings, now: datetime) -> Iterator[Failure]:
    if header.message_time is None:
        if settings.strict:
            yield failure(FailInfo.BAD_TIME, "the messageTime is missing")
    elif abs(header.message_time - now) > settings.time_tolerance:
        yield failure(FailInfo.BAD_TIME, "the messageTime is too far from the time here")


def _information(message: Message, *, strict: bool) -> Iterator[Failure]:
    header = message.header
    implicit, wait = header.information(IMPLICIT_CONFIRM), header.information(CONFIRM_WAIT_TIME)
    if implicit is not None and implicit.value != der.NULL and (strict or implicit.value is not None):
        yield failure(FailInfo.BAD_REQUEST, "implicitConfirm has the value NULL")
    if implicit is not None and (wait is not None or message.type is Body.CERTCONF):
        yield failure(FailInfo.BAD_REQUEST, "implicitConfirm contradicts what stands beside it")
    if wait is not None and not _is_time(wait.value or b""):
        yield failure(FailInfo.BAD_DATA_FORMAT, "confirmWaitTime is a GeneralizedTime")
    if strict and header.information(CERTIFICATE_PROFILE) is not None and message.type not in _PROFILED:
        yield failure(FailInfo.BAD_REQUEST, "certProfile does not go with this body")


def _is_time(value: bytes) -> bool:
    try:
        decoded(asn1.GeneralizedTime, value, "GeneralizedTime")
    except Refused:
        return False
    return True
