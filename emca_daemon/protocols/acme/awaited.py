"""Finalized orders whose names' CAA records must be asked again before they are issued (RFC 8659 3).

A finalized order waits in the store; whoever asks on the network takes it for a while, asks, and reports. Then the
certificate is issued as it would have been in the request.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import cast

from emca_daemon.ca import ports as ca
from emca_daemon.ca.audit import refusal_by
from emca_daemon.ca.cycle import NoCompanion
from emca_daemon.ca.enrollment import Enrollment
from emca_daemon.ca.records import CertificateRecord, Intent, PendingRequest
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName
from emca_daemon.policy.facts import Requester
from emca_daemon.policy.weak_keys import WeakKeys
from emca_daemon.protocols.acme.bindings import EXTERNAL
from emca_daemon.protocols.acme.caa import Asking
from emca_daemon.protocols.acme.csr import bad_csr, request_facts
from emca_daemon.protocols.acme.delegations import stands
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem, problem_of
from emca_daemon.protocols.acme.identifiers import base_of, identifier_document, is_beneath, is_wildcard
from emca_daemon.protocols.acme.onion import is_onion
from emca_daemon.protocols.acme.ports import AcmeStore, Writing
from emca_daemon.protocols.acme.records import Authorization, AwaitedOrder, Order
from emca_daemon.protocols.acme.states import ORDER_MOVES, AccountStatus, OrderStage, move
from emca_daemon.settings.acme import AcmeSettings

_AT_ONCE = 20
_LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class CaaTask:
    """What is to be asked for one order: each name, without `*.`, and on whose behalf."""

    awaited: AwaitedOrder
    order: Order
    account_url: str
    questions: tuple[tuple[AlternativeName, Asking], ...]


@dataclass(frozen=True, slots=True)
class AwaitedDesk:
    """Hands out what is to be asked, and takes the answers; safe to call from any process.

    `settings` are those of every endpoint, by name.
    """

    store: AcmeStore
    enrollment: Enrollment
    settings: Mapping[str, AcmeSettings]
    weak_keys: WeakKeys
    clock: Clock

    def due(self) -> list[CaaTask]:
        """Take what is due; orders that go no further are dropped on the way."""
        now = self.clock()
        with self.store.reading() as tx:
            waiting = tx.acme.due_orders(now, _AT_ONCE)
        if not waiting:
            return []
        with self.store.writing() as tx:
            taken = [one for one in waiting if tx.acme.take_order(one, now + _LEASE)]
            return [task for one in taken if (task := self._task(tx, one)) is not None]

    def finish(self, task: CaaTask, problems: Mapping[AlternativeName, Problem]) -> None:
        """Issue if nothing speaks against it; what could not be asked is asked again, a few times."""
        passing = all(problem.type == "dns" for problem in problems.values())
        if problems and passing and task.awaited.attempts + 1 < MOST_ATTEMPTS:
            return
        if problems:
            self._end(task, AcmeRefusal(_told(problems), reason=Reason.NOT_PERMITTED))
            return
        try:
            self._issue(task)
        except Refused as refused:
            if refused.reason is not Reason.UNAVAILABLE:
                self._end(task, bad_csr(refused))

    def _task(self, tx: Writing, awaited: AwaitedOrder) -> CaaTask | None:
        order = tx.acme.order(awaited.order_id)
        account = None if order is None else tx.acme.account(order.account_id)
        settings = None if order is None else self.settings.get(order.endpoint)
        if order is None or account is None or settings is None or not _waits(order):
            tx.acme.drop_order(awaited.order_id)
            return None
        url = f"{settings.base_url}/account/{account.id}"
        if account.status is not AccountStatus.VALID:
            self._close(tx, order, Problem("unauthorized", f"the account is {account.status.value}", 403))
            return None
        if not stands(tx, order):
            self._close(tx, order, Problem("unauthorized", "the delegation of the order was revoked", 403))
            return None
        found = [one for part in order.authorizations if (one := tx.acme.authorization(part.id)) is not None]
        questions = tuple(
            (base_of(name), Asking(settings.caa_identities, url, method_of(name, found), is_wildcard(name)))
            for name in order.names
            if not is_onion(name)  # judged when the order was finalized
        )
        return CaaTask(awaited, order, url, questions)

    def _issue(self, task: CaaTask) -> None:
        order, settings = task.order, self.settings[task.order.endpoint]
        facts = request_facts(task.awaited.csr, order, _requester(task), self.weak_keys)
        profile = settings.profile_of(order.profile)
        self.enrollment.enroll(facts, profile, issuer=settings.issuer, reference=order.id, companion=_Resumed(order))

    def _end(self, task: CaaTask, refused: Refused) -> None:
        with self.store.writing() as tx:
            current = tx.acme.order(task.order.id)
            if current is None or not _waits(current):
                tx.acme.drop_order(task.order.id)
                return
            self._close(tx, current, problem_of(refused))
            names = " ".join(map(str, current.names))[:4096]
            tx.audit.append(refusal_by(_requester(task), self.clock(), "order.finalize", names, refused))

    def _close(self, tx: Writing, order: Order, problem: Problem) -> None:
        stage = move(ORDER_MOVES, order.stage, OrderStage.INVALID)
        tx.acme.update_order(order, replace(order, stage=stage, error=problem.text()))
        tx.acme.drop_order(order.id)


class _Resumed(NoCompanion):
    """Moves an order that waited along with its certificate."""

    def __init__(self, order: Order) -> None:
        self._order = order

    def intended(self, tx: ca.Writing, intent: Intent) -> None:
        """Issuer and serial are noted; of two that try only one finds the order waiting."""
        acme = cast(Writing, tx).acme
        current = acme.order(self._order.id)
        if current is None or not _waits(current):
            raise Refused(Reason.WRONG_STATE, "the order does not wait any more")
        self._move(tx, OrderStage.PROCESSING, issuer=intent.issuer, serial=intent.serial)

    def waiting(self, tx: ca.Writing, request: PendingRequest) -> None:
        """From here on it waits for a person."""
        assert request.reference == self._order.id
        cast(Writing, tx).acme.drop_order(self._order.id)

    def issued(self, tx: ca.Writing, record: CertificateRecord) -> None:
        """Processing becomes valid."""
        assert record.der is not None
        self._move(tx, OrderStage.VALID)
        cast(Writing, tx).acme.drop_order(self._order.id)

    def abandoned(self, tx: ca.Writing, intent: Intent, refusal: Refused) -> None:
        """It waits again: for the key, or for its end."""
        assert refusal.reason is not Reason.REPLAYED
        assert intent.serial == self._order.serial
        self._move(tx, OrderStage.PROCESSING, issuer=None, serial=None)

    def _move(self, tx: ca.Writing, stage: OrderStage, **changes: object) -> None:
        moved = replace(self._order, stage=move(ORDER_MOVES, self._order.stage, stage), **changes)  # type: ignore[arg-type]
        cast(Writing, tx).acme.update_order(self._order, moved)
        self._order = moved


def _waits(order: Order) -> bool:
    return order.stage is OrderStage.PROCESSING and order.serial is None


def _requester(task: CaaTask) -> Requester:
    order = task.order
    return Requester("acme", task.account_url, "jws", order.endpoint, order.id, order.endpoint)


def method_of(name: AlternativeName, authorizations: list[Authorization]) -> str:
    """How a name was proved: by its own authorization, by one above, or else the order's delegation answers for it.

    RFC 8657 writes what is no challenge `ca-`.
    """
    for one in authorizations:
        above = one.subdomains and is_beneath(name.value, one.identifier.value)
        if (one.name == name or above) and one.method is not None:
            return f"ca-{one.method}" if one.method == EXTERNAL else one.method
    return "ca-delegation"


def _told(problems: Mapping[AlternativeName, Problem]) -> Problem:
    """One problem; with several, each is a subproblem."""
    subproblems = tuple(replace(problem, identifier=identifier_document(name)) for name, problem in problems.items())
    first = subproblems[0]
    if len(subproblems) == 1:
        return replace(first, identifier=None)
    return Problem(first.type, first.detail, first.status, subproblems=subproblems)
