"""The issuance cycle's steps and their order."""

from typing import NoReturn

import pytest

from emca_daemon.ca.cycle import NoCompanion
from emca_daemon.ca.ports import Writing
from emca_daemon.ca.records import CertificateRecord, CertificateState, Intent, IssuerState
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import ProfileName
from tests.support.ca_world import ISSUING, World, server_request

SERVER = ProfileName("tls-server")


def failing(*_arguments: object, **_named: object) -> NoReturn:
    """A signature that a token does not get done."""
    raise Refused(Reason.UNAVAILABLE, "the token does not answer", retry_after=5)


class Observer(NoCompanion):
    """Notes what the store says at each step."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, CertificateState]] = []

    def intended(self, tx: Writing, intent: Intent) -> None:
        """The intent is written."""
        self._note("intended", tx, intent)

    def issued(self, tx: Writing, record: CertificateRecord) -> None:
        """The certificate is written."""
        self._note("issued", tx, record.intent)

    def abandoned(self, tx: Writing, intent: Intent, refusal: Refused) -> None:
        """The signature failed."""
        self._note(refusal.reason.value, tx, intent)

    def _note(self, step: str, tx: Writing, intent: Intent) -> None:
        record = tx.certificates.find(intent.issuer, intent.serial)
        assert record
        self.steps.append((step, record.state))


def enroll(world: World, companion: NoCompanion) -> None:
    """One enrollment with that companion."""
    world.enrollment.enroll(server_request("a.example.test"), SERVER, issuer=ISSUING, companion=companion)


def test_the_intent_comes_before_the_certificate() -> None:
    """The companion shares both transactions."""
    world, observer = World().with_issuers(), Observer()
    enroll(world, observer)
    assert observer.steps == [("intended", CertificateState.INTENDED), ("issued", CertificateState.ISSUED)]


def test_a_failed_signature_is_told_to_the_companion(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the transaction that abandons the serial."""
    world, observer = World().with_issuers(), Observer()
    monkeypatch.setattr("emca_daemon.ca.cycle.sign_certificate", failing)
    with pytest.raises(Refused):
        enroll(world, observer)
    assert observer.steps[1] == ("unavailable", CertificateState.ABANDONED)


def test_a_companion_that_refuses_stops_before_the_signature() -> None:
    """Neither intent nor certificate remains, and the audit chain has the refusal."""

    class Refusing(NoCompanion):
        """Says no."""

        def intended(self, tx: Writing, intent: Intent) -> NoReturn:
            """Too late."""
            raise Refused(Reason.WRONG_STATE, "too late")

    world = World().with_issuers()
    with pytest.raises(Refused) as refused:
        enroll(world, Refusing())
    assert refused.value.reason is Reason.WRONG_STATE
    with world.store.reading() as tx:
        assert tx.certificates.open_intents(world.clock()) == []
        *_, last = tx.audit.walk()
    assert (last.event.action, last.event.outcome) == ("certificate.request", "refused")
    assert last.event.subject == "dns:a.example.test"
    assert last.event.details["detail"] == "too late"


def test_an_issuer_revoked_meanwhile_is_noticed_in_the_intents_transaction() -> None:
    """Between decision and intent another process revoked it: nothing is signed."""
    from dataclasses import replace

    world = World().with_issuers()
    authority = world.authorities.get(ISSUING)
    prepare = world.cycle.prepare

    def revoke_meanwhile(approved: object, signatory: object) -> object:
        linted = prepare(approved, signatory)  # type: ignore[arg-type]
        with world.store.writing() as tx:
            tx.issuers.update(replace(authority.record, state=IssuerState.REVOKED))
        return linted

    world.cycle.prepare = revoke_meanwhile  # type: ignore[assignment]
    with pytest.raises(Refused) as refused:
        enroll(world, NoCompanion())
    assert refused.value.reason is Reason.WRONG_STATE
