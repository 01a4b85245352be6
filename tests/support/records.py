"""Records to put into stores."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count

from emca_daemon.ca.ports import Store, Writing
from emca_daemon.ca.records import (
    AuditEvent,
    AuditValue,
    Intent,
    IssuedCrl,
    IssuerRecord,
    IssuerState,
    PendingRequest,
    RequestState,
    Revocation,
    RevocationReason,
)
from emca_daemon.names import AlternativeName, IssuerName, KeyName, NameType, ProfileName, SerialNumber

NOW = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
ISSUER = IssuerName("issuing")
REVOKED = Revocation(NOW, RevocationReason.KEY_COMPROMISE, NOW - timedelta(days=1))
HELD = Revocation(NOW, RevocationReason.CERTIFICATE_HOLD)

_serials = count(0x1000)


def intent(
    *,
    serial: int | None = None,
    issuer: IssuerName = ISSUER,
    names: tuple[str, ...] = ("a.example",),
    subject: str = "CN=a.example",
    requester: str = "account-1",
    key: bytes = b"key",
    created: datetime = NOW,
    valid: timedelta = timedelta(days=90),
) -> Intent:
    """An intent with a serial of its own."""
    return Intent(
        issuer=issuer,
        serial=SerialNumber(next(_serials) if serial is None else serial),
        profile=ProfileName("web"),
        protocol="acme",
        application="public",
        requester=requester,
        subject=subject,
        names=tuple(AlternativeName(NameType.DNS, name) for name in names),
        key_fingerprint=sha256(key).digest(),
        tbs_hash=sha256(b"tbs").digest(),
        not_before=created,
        not_after=created + valid,
        created=created,
    )


def issued(store: Store, wanted: Intent | None = None, der: bytes | None = None) -> Intent:
    """An intent that has become a certificate."""
    made = wanted or intent()
    with store.writing() as tx:
        tx.certificates.intend(made)
        tx.certificates.record(made.issuer, made.serial, der or b"certificate %x" % made.serial)
    return made


def revoked(store: Store, wanted: Intent | None = None, revocation: Revocation = REVOKED) -> Intent:
    """A certificate that was revoked."""
    made = issued(store, wanted)
    with store.writing() as tx:
        tx.certificates.revoke(made.issuer, made.serial, revocation)
    return made


def event(action: str = "certificate.issue", **details: AuditValue) -> AuditEvent:
    """Something that happened."""
    return AuditEvent(
        at=NOW + timedelta(microseconds=7),
        actor="account-1",
        proof="jws",
        origin="192.0.2.7",
        request_id="request-1",
        action=action,
        subject="issuing/1000",
        outcome="success",
        details=details,
    )


def issuer(name: str = "issuing", *, created: datetime = NOW) -> IssuerRecord:
    """An issuer with a chain of two."""
    return IssuerRecord(
        name=IssuerName(name),
        key=KeyName(f"software:{name}"),
        subject=f"CN={name}",
        profile=ProfileName("sub-ca"),
        state=IssuerState.ACTIVE,
        chain=(b"\x30\x00", b"\x30\xff"),
        created=created,
        parent=IssuerName("root"),
        pss=True,
        csr=b"csr",
    )


def crl(number: int, *, base: int | None = None, changes: int = 0) -> IssuedCrl:
    """A CRL."""
    return IssuedCrl(ISSUER, number, NOW, NOW + timedelta(days=4), 3, b"crl %d" % number, changes, base)


def waiting(request_id: str = "request-1", *, reference: str = "order-1", created: datetime = NOW) -> PendingRequest:
    """A request that waits for a person."""
    return PendingRequest(
        id=request_id,
        created=created,
        protocol="acme",
        reference=reference,
        requester="account-1",
        profile=ProfileName("web"),
        summary="a.example",
        facts=b"\x00facts",
        state=RequestState.WAITING,
    )


def approved(request: PendingRequest) -> PendingRequest:
    """The same request, approved."""
    return replace(
        request,
        state=RequestState.APPROVED,
        decided_by="officer",
        decided_at=NOW,
        note="seen",
        issuer=ISSUER,
        serial=SerialNumber(0x1000),
    )


def fail_after(store: Store, work: Callable[[Writing], None]) -> None:
    """Do the work in a transaction that then fails."""
    with suppress(ZeroDivisionError), store.writing() as tx:
        work(tx)
        raise ZeroDivisionError
