"""nested: messages of others inside of a registration authority's (RFC 9483 5.2.2, RFC 9810 5.1.3.5).

One message inside was given another protection on its way and is answered as if it had come alone; several are a
batch, and so are their answers. Whoever wrapped them vouches for nothing that is asked inside of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from emca_daemon.asn1.cmp import Body, Message, Salvage, read_message, salvage
from emca_daemon.asn1.cmp_status import FailInfo
from emca_daemon.asn1.signature_algorithms import is_signature
from emca_daemon.asn1.values import encoded, sequence_parts
from emca_daemon.ca.audit import event_by
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.cmp.authentication import failure
from emca_daemon.protocols.cmp.calls import Call, Origin
from emca_daemon.protocols.cmp.credentials import Kind
from emca_daemon.protocols.cmp.issuance import claim, new_transaction
from emca_daemon.protocols.cmp.originals import check_forwarded
from emca_daemon.protocols.cmp.records import Stage

MOST_MESSAGES = 50
"""Messages in a batch."""
DEEPEST = 3
"""Envelopes around a message: so many authorities may each have added their protection."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A message of a batch that cannot be read: what could be saved of it, and what is wrong."""

    salvaged: Salvage
    refusal: Refused


_OPENING = frozenset({Body.IR, Body.CR, Body.KUR, Body.P10CR, Body.RR, Body.CCR})
_NESTED = "nested"


def unwrapped(call: Call, depth: int) -> tuple[Message | Broken, ...]:
    """The messages inside of a nested one, once it is found to be an authority's and as it must be; raises Failure.

    `depth` says how many are around it. That it was forwarded is audited, and the id of a batch is taken. What cannot
    be read in a batch is there as broken.
    """
    _check_sender(call)
    parts = _parts(call.message.body)
    if len(parts) == 1:
        return (_forwarded(call, read_message(parts[0]), depth),)
    if depth:
        raise failure(FailInfo.BAD_REQUEST, "a batch stands in no other message")
    inside = tuple(map(_read, parts))
    _check_batch(call, [one for one in inside if isinstance(one, Message)])
    subject = f"{call.endpoint.name}/{call.transaction_id.hex()}"
    with call.endpoint.store.writing() as tx:
        claim(tx, new_transaction(call, Stage.FINISHED, call.endpoint.settings.replay_window))
        tx.audit.append(event_by(call.requester, call.now, "cmp.nested", subject, messages=len(inside)))
    return inside


def inside_of(origin: Origin) -> Origin:
    """Where the messages inside came from: a path for nested ones says nothing of them."""
    return replace(origin, operation="") if origin.operation == _NESTED else origin


def _check_sender(call: Call) -> None:
    if not is_signature(call.credential.protection.oid):
        raise failure(FailInfo.WRONG_INTEGRITY, "nested must be signed")
    if call.credential.kind is not Kind.RA:
        raise failure(FailInfo.NOT_AUTHORIZED, "only a registration authority forwards the messages of others")


def _forwarded(call: Call, inner: Message, depth: int) -> Message:
    """The one message inside, found to be as it must be."""
    if depth + 1 >= DEEPEST and inner.type is Body.NESTED:
        raise failure(FailInfo.BAD_REQUEST, f"{DEEPEST} messages at the most are around another")
    _check_copied(call.message, inner)
    check_forwarded(call.message, (inner,))
    _note_forwarded(call, inner)
    return inner


def _parts(content: bytes) -> tuple[bytes, ...]:
    parts = sequence_parts(content, "PKIMessages")
    if not parts:
        raise Refused(Reason.MALFORMED, "there is no message inside")
    if len(parts) > MOST_MESSAGES:
        raise failure(FailInfo.BAD_REQUEST, f"a batch holds {MOST_MESSAGES} messages at the most")
    return tuple(map(encoded, parts))


def _read(data: bytes) -> Message | Broken:
    try:
        return read_message(data)
    except Refused as refusal:
        return Broken(salvage(data) or Salvage(), refusal)


def _check_copied(outer: Message, inner: Message) -> None:
    """Added protection repeats what the message is known by (RFC 9483 5.2.2.1)."""
    if outer.header.transaction_id != inner.header.transaction_id:
        raise failure(FailInfo.BAD_REQUEST, "the transactionID is not that of the message inside")
    if outer.header.sender_nonce != inner.header.sender_nonce:
        raise failure(FailInfo.BAD_SENDER_NONCE, "the senderNonce is not that of the message inside")


def _check_batch(call: Call, inside: Sequence[Message]) -> None:
    """Every message has an id and a nonce of its own, the batch itself among them (RFC 9483 5.2.2.2)."""
    if call.origin.operation not in ("", _NESTED):
        raise failure(FailInfo.BAD_REQUEST, "the path is that of another operation")
    headers = [call.message.header, *(one.header for one in inside)]
    if len({header.transaction_id for header in headers}) < len(headers):
        raise failure(FailInfo.TRANSACTION_ID_IN_USE, "two messages of a batch have the same transactionID")
    if len({header.sender_nonce for header in headers}) < len(headers):
        raise failure(FailInfo.BAD_SENDER_NONCE, "two messages of a batch have the same senderNonce")
    if any(one.type is Body.NESTED for one in inside):
        raise failure(FailInfo.BAD_REQUEST, "nothing in a batch is nested again")
    check_forwarded(call.message, inside)
    with call.endpoint.store.reading() as tx:
        if tx.cmp.get(call.endpoint.name, call.transaction_id) is not None:
            raise failure(FailInfo.TRANSACTION_ID_IN_USE, "the transactionID is in use")


def _note_forwarded(call: Call, inner: Message) -> None:
    """Once for a transaction: a message that is only repeated fills nothing."""
    if inner.type not in _OPENING:
        return
    with call.endpoint.store.writing() as tx:
        if tx.cmp.get(call.endpoint.name, call.transaction_id) is None:
            subject = f"{call.endpoint.name}/{call.transaction_id.hex()}"
            tx.audit.append(event_by(call.requester, call.now, "cmp.nested", subject, messages=1))
