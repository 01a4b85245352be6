"""What ends by itself: certificates that nobody confirmed, requests that nobody polls, transactions long over."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from emca_daemon.ca import ports as ca
from emca_daemon.ca.records import RequestState
from emca_daemon.ca.revocation import Revoking
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.facts import Requester
from emca_daemon.protocols.cmp.issuance import cmp_rows
from emca_daemon.protocols.cmp.operations.withdrawal import withdraw
from emca_daemon.protocols.cmp.ports import Store
from emca_daemon.protocols.cmp.records import Stage, Transaction
from emca_daemon.settings.cmp import CmpSettings

_AT_ONCE = 100
"""Transactions seen to in one round."""


class Expiry:
    """Ends the transactions whose time is over; run again and again by one process among all."""

    def __init__(
        self,
        *,
        store: Store,
        revoking: Revoking,
        settings: Mapping[str, CmpSettings],
        requester: Requester,
        clock: Clock,
    ) -> None:
        self._store = store
        self._revoking = revoking
        self._settings = settings
        self._requester = requester
        self._clock = clock

    def run(self) -> int:
        """How many transactions were ended or forgotten; raises Refused."""
        now = self._clock()
        with self._store.reading() as tx:
            overdue = tx.cmp.overdue(now, _AT_ONCE)
            keys = tx.cmp_kem_secrets.is_overdue(now)
        for transaction in overdue:
            self._end(transaction, now)
        if keys:
            with self._store.writing() as changing:
                changing.cmp_kem_secrets.forget(now)
        return len(overdue)

    def _end(self, transaction: Transaction, now: datetime) -> None:
        if transaction.stage in (Stage.FINISHED, Stage.ISSUING):
            with self._store.writing() as tx:
                tx.cmp.remove(transaction)
            return
        settings = self._settings.get(transaction.endpoint)
        kept = settings.replay_window if settings is not None else now - now
        over = replace(self._with_certificate(transaction), stage=Stage.FINISHED, expires=now + kept)

        def note(tx: ca.Writing) -> None:
            cmp_rows(tx).cmp.update(over, transaction.stage)

        try:
            if over.serial is not None:
                withdraw(self._revoking, over, self._requester, note)
                return
        except Refused as refusal:
            if refusal.reason is not Reason.ALREADY_REVOKED:
                raise
        with self._store.writing() as tx:
            tx.cmp.update(over, transaction.stage)

    def _with_certificate(self, transaction: Transaction) -> Transaction:
        """The transaction with the certificate that a person approved and nobody fetched."""
        if transaction.stage is not Stage.WAITING:
            return transaction
        with self._store.reading() as tx:
            request = tx.pending.get(transaction.pending)
        if request is None or request.state is not RequestState.ISSUED:
            return transaction
        return replace(transaction, issuer=request.issuer, serial=request.serial)
