"""popdecr: the answer to a challenge, by which the request before it goes on (RFC 9810 5.2.8.3.3, 5.3.3)."""

from dataclasses import replace

from emca_daemon.asn1.cmp import read_message
from emca_daemon.asn1.cmp_status import FailInfo
from emca_daemon.errors import Refused
from emca_daemon.protocols.cmp.authentication import failure
from emca_daemon.protocols.cmp.calls import Answer, Call
from emca_daemon.protocols.cmp.challenges import check_response
from emca_daemon.protocols.cmp.issuance import finished
from emca_daemon.protocols.cmp.operations.enrollment import enroll
from emca_daemon.protocols.cmp.records import Stage


def prove(call: Call) -> Answer:
    """The answer to the request whose key's possession is proved now; raises Failure or Refused.

    Whatever is wrong ends the transaction: a challenge is answered once.
    """
    transaction = call.opened
    assert transaction is not None
    kept = transaction.challenge
    if transaction.stage is not Stage.CHALLENGED or kept is None:
        raise failure(FailInfo.BAD_REQUEST, "there is no challenge to be answered")
    try:
        check_response(call.message.body, kept)
        asked = replace(call, message=read_message(kept.request), origin=replace(call.origin, label=kept.label))
        return enroll(asked)
    except Refused:
        _give_up(call)
        raise


def _give_up(call: Call) -> None:
    """End the transaction, unless it got further than the challenge."""
    with call.endpoint.store.writing() as tx:
        now = tx.cmp.get(call.endpoint.name, call.transaction_id)
        if now is not None and now.stage is Stage.CHALLENGED:
            tx.cmp.update(replace(finished(now, call), challenge=None), Stage.CHALLENGED)
