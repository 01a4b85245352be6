"""What every store must do for certificates; run on each database."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from emca_daemon.ca.ports import Certificates, Store
from emca_daemon.ca.records import (
    CertificateQuery,
    CertificateState,
    CertificateStatus,
    KeyUses,
    Revocation,
    RevocationReason,
)
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, IssuerName, NameType, ProfileName, SerialNumber
from tests.support.records import HELD, ISSUER, NOW, REVOKED, fail_after, intent, issued, revoked

OTHER = IssuerName("other")
UNKNOWN = SerialNumber(1 << 158)
DAY = timedelta(days=1)


class IssuingContract:
    """A mixin: the class that takes it provides `store`."""

    def test_an_intent_becomes_a_certificate(self, store: Store) -> None:
        """Every field comes back, before and after; the fingerprint is the certificate's."""
        wanted = intent(names=("ü.example", 'quote"d'), subject="CN=Ünïcode,O=\U0001f512")
        with store.writing() as tx:
            tx.certificates.intend(wanted)
        with store.reading() as tx:
            before = tx.certificates.find(ISSUER, wanted.serial)
            assert tx.certificates.find(OTHER, wanted.serial) is None
        with store.writing() as tx:
            tx.certificates.record(ISSUER, wanted.serial, b"der")
        with store.reading() as tx:
            after = tx.certificates.find(ISSUER, wanted.serial)
            assert tx.certificates.find_by_fingerprint(sha256(b"der").digest()) == after
            assert tx.certificates.find_by_fingerprint(bytes(32)) is None
        assert before is not None
        assert after is not None
        assert (before.intent, before.state, before.der, before.fingerprint) == (
            wanted,
            CertificateState.INTENDED,
            None,
            None,
        )
        assert (after.intent, after.state, after.der) == (wanted, CertificateState.ISSUED, b"der")
        assert (after.fingerprint, after.revocation) == (sha256(b"der").digest(), None)

    @pytest.mark.parametrize("serial", [1, (1 << 159) - 1, (1 << 160) - 1])
    def test_serials_of_every_length_are_kept(self, store: Store, serial: int) -> None:
        """From one to the longest of 20 octets."""
        issued(store, intent(serial=serial))
        with store.reading() as tx:
            found = tx.certificates.find(ISSUER, SerialNumber(serial))
        assert found is not None
        assert found.intent.serial == serial

    @pytest.mark.parametrize("serial", [-1, 0, 1 << 160])
    def test_numbers_that_are_no_serials_are_refused(self, store: Store, serial: int) -> None:
        """Nobody holds them either."""
        with store.writing() as tx, pytest.raises(Refused) as refused:
            tx.certificates.intend(intent(serial=serial))
        assert refused.value.reason is Reason.MALFORMED
        with store.reading() as tx:
            assert tx.certificates.find(ISSUER, SerialNumber(serial)) is None
            assert tx.certificates.status(ISSUER, SerialNumber(serial)) is None

    def test_times_are_exact(self, store: Store) -> None:
        """To the microsecond, and to the end of the year 9999 (RFC 5280 4.1.2.5)."""
        end = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
        wanted = intent(created=NOW + timedelta(microseconds=1), valid=end - NOW)
        issued(store, wanted)
        with store.reading() as tx:
            found = tx.certificates.find(ISSUER, wanted.serial)
        assert found is not None
        assert found.intent == wanted

    def test_a_serial_is_taken_once(self, store: Store) -> None:
        """By an intent, a certificate or an import; the transaction goes on, and another issuer is free to use it."""
        wanted = intent()
        with store.writing() as tx:
            tx.certificates.intend(wanted)
            with pytest.raises(Refused) as intended:
                tx.certificates.intend(wanted)
            with pytest.raises(Refused) as adopted:
                tx.certificates.adopt(wanted, b"der")
            assert intended.value.reason is adopted.value.reason is Reason.WRONG_STATE
            tx.certificates.record(ISSUER, wanted.serial, b"der")
            tx.certificates.intend(intent(serial=wanted.serial, issuer=OTHER))

    def test_only_an_open_intent_is_recorded(self, store: Store) -> None:
        """Not an unknown serial, not one recorded already, not an abandoned one."""
        done, lost = issued(store), intent()
        with store.writing() as tx:
            tx.certificates.intend(lost)
            tx.certificates.abandon(ISSUER, lost.serial, REVOKED)
            for serial in (UNKNOWN, done.serial, lost.serial):
                with pytest.raises(Refused) as refused:
                    tx.certificates.record(ISSUER, serial, b"another")
                assert refused.value.reason is Reason.WRONG_STATE
            found = tx.certificates.find(ISSUER, lost.serial)
        assert found is not None
        assert (found.state, found.der, found.revocation) == (CertificateState.ABANDONED, None, REVOKED)

    def test_an_import_is_issued_at_once(self, store: Store) -> None:
        """It has no open intent."""
        wanted = intent()
        with store.writing() as tx:
            tx.certificates.adopt(wanted, b"der")
            assert tx.certificates.open_intents(NOW + DAY) == []
            found = tx.certificates.find_by_fingerprint(sha256(b"der").digest())
        assert found is not None
        assert (found.intent, found.state, found.der) == (wanted, CertificateState.ISSUED, b"der")

    def test_open_intents_are_those_without_a_certificate(self, store: Store) -> None:
        """Older than asked for, oldest first."""
        issued(store)
        old, older, young = intent(created=NOW - DAY), intent(created=NOW - 2 * DAY), intent(created=NOW)
        with store.writing() as tx:
            for wanted in (old, older, young):
                tx.certificates.intend(wanted)
        with store.reading() as tx:
            assert list(tx.certificates.open_intents(NOW)) == [older, old]

    def test_what_was_rolled_back_never_was(self, store: Store) -> None:
        """Its serial is free."""
        wanted = intent()
        fail_after(store, lambda tx: tx.certificates.intend(wanted))
        issued(store, wanted)

    def test_certificates_of_a_key_are_found(self, store: Store) -> None:
        """The newest first, without open intents; others' are counted apart."""
        old = issued(store, intent(key=b"shared", created=NOW - DAY))
        new = issued(store, intent(key=b"shared", requester="account-2"))
        issued(store, intent(key=b"another"))
        with store.writing() as tx:
            tx.certificates.intend(intent(key=b"shared"))
        with store.reading() as tx:
            found = tx.certificates.find_by_key(old.key_fingerprint)
            assert [record.intent.serial for record in found] == [new.serial, old.serial]
            assert tx.certificates.key_uses(old.key_fingerprint, "account-1") == KeyUses(2, 1, blocked=False)
            assert tx.certificates.key_uses(old.key_fingerprint, "account-3") == KeyUses(2, 2, blocked=False)
            assert tx.certificates.key_uses(bytes(32), "account-1") == KeyUses(0, 0, blocked=False)

    def test_rivals_for_a_key_are_told(self, store: Store) -> None:
        """Certificates and open intents, not the intent that is asked for, nor abandoned ones."""
        issued(store, intent(key=b"shared", requester="account-2"))
        given_up = intent(key=b"shared")
        with store.writing() as tx:
            tx.certificates.intend(given_up)
            tx.certificates.abandon(given_up.issuer, given_up.serial, REVOKED)
        with store.writing() as tx:
            tx.certificates.intend(mine := intent(key=b"shared"))
            assert tx.certificates.key_rivals(mine) == KeyUses(1, 1, blocked=False)
            tx.certificates.intend(intent(key=b"shared"))
            assert tx.certificates.key_rivals(mine) == KeyUses(2, 1, blocked=False)
            tx.certificates.block_key(mine.key_fingerprint, NOW)
            assert tx.certificates.key_rivals(mine) == KeyUses(2, 1, blocked=True)

    def test_a_blocked_key_is_told(self, store: Store) -> None:
        """With and without certificates; blocking it twice does no harm."""
        held = issued(store, intent(key=b"shared"))
        for _ in range(2):
            with store.writing() as tx:
                tx.certificates.block_key(held.key_fingerprint, NOW)
                tx.certificates.block_key(bytes(32), NOW)
        with store.reading() as tx:
            assert tx.certificates.key_uses(held.key_fingerprint, held.requester) == KeyUses(1, 0, blocked=True)
            assert tx.certificates.key_uses(bytes(32), "account-1") == KeyUses(0, 0, blocked=True)


class RevocationContract:
    """A mixin: the class that takes it provides `store`."""

    def test_the_status_says_what_ocsp_needs(self, store: Store) -> None:
        """Of an issued, a revoked, an intended and an unknown serial."""
        good, bad, lost = issued(store), revoked(store), intent()
        with store.writing() as tx:
            tx.certificates.intend(lost)
        expires = NOW + 90 * DAY
        with store.reading() as tx:
            assert tx.certificates.status(ISSUER, good.serial) == CertificateStatus(
                CertificateState.ISSUED, expires, None
            )
            assert tx.certificates.status(ISSUER, bad.serial) == CertificateStatus(
                CertificateState.ISSUED, expires, REVOKED
            )
            assert tx.certificates.status(ISSUER, lost.serial) == CertificateStatus(
                CertificateState.INTENDED, expires, None
            )
            assert tx.certificates.status(ISSUER, UNKNOWN) is None

    @pytest.mark.parametrize("reason", RevocationReason)
    def test_every_reason_is_kept(self, store: Store, reason: RevocationReason) -> None:
        """With and without a date of invalidity; a later revocation replaces the former."""
        wanted = revoked(store)
        with store.writing() as tx:
            tx.certificates.revoke(ISSUER, wanted.serial, Revocation(NOW, reason))
        with store.reading() as tx:
            found = tx.certificates.find(ISSUER, wanted.serial)
        assert found is not None
        assert found.revocation == Revocation(NOW, reason)

    def test_a_hold_can_be_released(self, store: Store) -> None:
        """The certificate is good again."""
        wanted = revoked(store, revocation=HELD)
        with store.writing() as tx:
            tx.certificates.release(ISSUER, wanted.serial, NOW)
        with store.reading() as tx:
            assert list(tx.certificates.revoked(ISSUER, NOW)) == []
            found = tx.certificates.find(ISSUER, wanted.serial)
        assert found is not None
        assert found.revocation is None

    @pytest.mark.parametrize(
        "change",
        [
            lambda certificates, serial: certificates.release(ISSUER, serial, NOW),
            lambda certificates, serial: certificates.abandon(ISSUER, serial, REVOKED),
        ],
        ids=["release", "abandon"],
    )
    def test_what_does_not_apply_is_refused(
        self, store: Store, change: Callable[[Certificates, SerialNumber], None]
    ) -> None:
        """To a good, a revoked and an unknown serial; nothing is counted as a change."""
        good, bad = issued(store), revoked(store)
        with store.writing() as tx:
            for serial in (good.serial, bad.serial, UNKNOWN):
                with pytest.raises(Refused) as refused:
                    change(tx.certificates, serial)
                assert refused.value.reason is Reason.WRONG_STATE
        with store.reading() as tx:
            assert tx.crls.changes(ISSUER) == 1

    def test_only_a_certificate_is_revoked(self, store: Store) -> None:
        """Not an intent, not an unknown serial."""
        lost = intent()
        with store.writing() as tx:
            tx.certificates.intend(lost)
            for serial in (lost.serial, UNKNOWN):
                with pytest.raises(Refused) as refused:
                    tx.certificates.revoke(ISSUER, serial, REVOKED)
                assert refused.value.reason is Reason.WRONG_STATE

    def test_the_revoked_are_listed_by_serial(self, store: Store) -> None:
        """With the held and the abandoned, without the good, the expired and another issuer's."""
        revoked(store, intent(serial=0x300))
        revoked(store, intent(serial=0x20), HELD)
        revoked(store, intent(serial=0x10, issuer=OTHER))
        revoked(store, intent(serial=0x11, valid=timedelta(seconds=59)))
        revoked(store, intent(serial=0x12, valid=timedelta(seconds=60)))
        issued(store, intent(serial=0x13))
        with store.writing() as tx:
            tx.certificates.intend(intent(serial=0x1_0000))
            tx.certificates.abandon(ISSUER, SerialNumber(0x1_0000), HELD)
        with store.reading() as tx:
            listed = [(e.serial, e.revocation) for e in tx.certificates.revoked(ISSUER, NOW + timedelta(minutes=1))]
        assert listed == [(0x12, REVOKED), (0x20, HELD), (0x300, REVOKED), (0x1_0000, HELD)]


class SearchContract:
    """A mixin: the class that takes it provides `store`, whose clock stands at NOW."""

    @pytest.fixture
    def shelf(self, store: Store) -> Store:
        """Certificates in every status, serials 0xa1 and up in the order of their age, the oldest first."""

        def made(serial: int, days: int, subject: str, requester: str = "account-1") -> None:
            issued(store, intent(serial=serial, created=NOW - days * DAY, subject=subject, requester=requester))

        made(0xA1, 100, subject="CN=expired")
        made(0xA2, 99, subject="CN=expired and revoked")
        made(0xA3, 5, subject="CN=held", requester="account-2")
        made(0xA4, 4, subject="CN=100% ÜBER_cool\\")
        with store.writing() as tx:
            tx.certificates.revoke(ISSUER, SerialNumber(0xA2), REVOKED)
            tx.certificates.revoke(ISSUER, SerialNumber(0xA3), HELD)
            tx.certificates.intend(intent(serial=0xA5, created=NOW - 3 * DAY, issuer=OTHER, names=("open.example",)))
            tx.certificates.intend(intent(serial=0xA6, created=NOW - 2 * DAY))
            tx.certificates.abandon(ISSUER, SerialNumber(0xA6), REVOKED)
        return store

    def test_a_text_of_any_length_is_looked_for_or_refused(self, shelf: Store) -> None:
        """A pattern that is too much for the database is a refusal, not a failure."""
        with shelf.reading() as tx:
            assert tx.certificates.search(CertificateQuery(text="%" * 10_000)) == []
            with pytest.raises(Refused) as refused:
                tx.certificates.search(CertificateQuery(text="%" * 10_001))
        assert refused.value.reason is Reason.MALFORMED

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            (CertificateQuery(), [0xA6, 0xA5, 0xA4, 0xA3, 0xA2, 0xA1]),
            (CertificateQuery(limit=2, offset=1), [0xA5, 0xA4]),
            (CertificateQuery(limit=-1, offset=-1), []),
            (CertificateQuery(limit=1 << 70, offset=1 << 70), []),
            (CertificateQuery(issuer=OTHER), [0xA5]),
            (CertificateQuery(profile=ProfileName("other")), []),
            (CertificateQuery(requester="account-2"), [0xA3]),
            (CertificateQuery(expires_before=NOW), [0xA2, 0xA1]),
            (CertificateQuery(status="valid"), [0xA4]),
            (CertificateQuery(status="expired"), [0xA1]),
            (CertificateQuery(status="revoked"), [0xA2]),
            (CertificateQuery(status="held"), [0xA3]),
            (CertificateQuery(status="abandoned"), [0xA6]),
            (CertificateQuery(text="EXPIRED", status="revoked"), [0xA2]),
            (CertificateQuery(text="Pen.Ex"), [0xA5]),
            (CertificateQuery(text="00A4"), []),
            (CertificateQuery(text="A4"), [0xA4]),
            (CertificateQuery(text="über_c"), [0xA4]),
            (CertificateQuery(text="%"), [0xA4]),
            (CertificateQuery(text="_"), [0xA4]),
            (CertificateQuery(text="L\\"), [0xA4]),
            (CertificateQuery(text="/"), []),
            (CertificateQuery(text="' OR 1=1 --\0\ud800"), []),
            (CertificateQuery(text="a4\0"), []),
        ],
    )
    def test_a_search_finds_what_matches_every_field(
        self, shelf: Store, query: CertificateQuery, found: list[int]
    ) -> None:
        """The newest first; wildcards of SQL mean themselves."""
        with shelf.reading() as tx:
            assert [record.intent.serial for record in tx.certificates.search(query)] == found

    def test_an_unknown_status_is_refused(self, store: Store) -> None:
        """With the list of those that exist."""
        with store.reading() as tx, pytest.raises(Refused, match="abandoned") as refused:
            tx.certificates.search(CertificateQuery(status="lost"))
        assert refused.value.reason is Reason.MALFORMED

    def test_names_of_every_kind_come_back(self, store: Store) -> None:
        """As they were."""
        names = tuple(AlternativeName(kind, f"value of {kind.value}") for kind in NameType)
        issued(store, replace(intent(), names=names))
        with store.reading() as tx:
            [record] = tx.certificates.search(CertificateQuery(text="VALUE OF REG"))
        assert record.intent.names == names
