"""origPKIMessage: what a registration authority says it was sent (RFC 9810 5.1.1.3).

It proves nothing of itself, since whoever protects the message may write it; but it must not contradict what the
message asks for.
"""

from collections.abc import Sequence

from emca_daemon.asn1.cmp import Body, Message, read_message
from emca_daemon.asn1.cmp_status import FailInfo
from emca_daemon.asn1.crmf import certificate_requests
from emca_daemon.asn1.values import encoded, sequence_parts
from emca_daemon.protocols.cmp.authentication import failure, is_signed_as_shown

ORIGINAL_MESSAGE = "1.3.6.1.5.5.7.4.15"

_MOST_MESSAGES = 50
_BY_CRMF = frozenset({Body.IR, Body.CR, Body.KUR, Body.CCR})


def check_forwarded(outer: Message, inside: Sequence[Message]) -> None:
    """Originals beside messages that are forwarded as they are must be among them, to the octet; raises Failure."""
    forwarded = {(one.protected, one.protection) for one in inside}
    if any((one.protected, one.protection) not in forwarded for one in _originals(outer)):
        raise failure(FailInfo.BAD_MESSAGE_CHECK, "origPKIMessage is not what is forwarded")


def check_replaced(message: Message) -> None:
    """An original whose protection was replaced must be of the same transaction, about the same; raises Failure.

    The authority may have changed anything else in it, the key that a certificate is asked for excepted. A signature of
    the original's must be right; by whom it may be is the authority's affair, and so are MACs by secrets of its own.
    """
    originals = _originals(message)
    if len(originals) > 1:
        raise failure(FailInfo.BAD_REQUEST, "one message was replaced by another")
    for one in originals:
        same = one.type is message.type and one.header.transaction_id == message.header.transaction_id
        if not same or _subject_matter(one) != _subject_matter(message):
            raise failure(FailInfo.BAD_MESSAGE_CHECK, "origPKIMessage is about something else")
        if not is_signed_as_shown(one):
            raise failure(FailInfo.BAD_MESSAGE_CHECK, "origPKIMessage was changed after it was signed")


def _originals(message: Message) -> tuple[Message, ...]:
    """The messages in the header; none where there is no origPKIMessage. Raises Failure, Refused(MALFORMED)."""
    given = message.header.information(ORIGINAL_MESSAGE)
    if given is None:
        return ()
    parts = sequence_parts(given.value or b"", "origPKIMessage")
    if not 1 <= len(parts) <= _MOST_MESSAGES:
        raise failure(FailInfo.BAD_REQUEST, f"origPKIMessage holds 1 to {_MOST_MESSAGES} messages")
    return tuple(read_message(encoded(part)) for part in parts)


def _subject_matter(message: Message) -> tuple[bytes | None, ...]:
    """What no authority may exchange: keys to be certified, and the whole of a request that its key has signed."""
    if message.type in _BY_CRMF:
        return tuple(one.template.public_key for one in certificate_requests(message.body))
    return (message.body,) if message.type is Body.P10CR else ()
