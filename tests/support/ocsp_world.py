"""A small world for OCSP: two issuers, a delegated signer, a store of statuses, and requests written octet by octet."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from emca_daemon.asn1 import der
from emca_daemon.ca.ocsp_signers import OcspSigner
from emca_daemon.ca.ports import Reading
from emca_daemon.ca.records import CertificateState, CertificateStatus, Revocation, RevocationReason
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, KeyName, SerialNumber
from emca_daemon.protocols.ocsp.operations import Answering
from emca_daemon.protocols.ocsp.responder import OcspResponder
from emca_daemon.settings.model import OcspSettings

NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
ISSUER = IssuerName("demo-issuing")
OTHER = IssuerName("demo-other")

GOOD_SERIAL, REVOKED_SERIAL, HELD_SERIAL, ABANDONED_SERIAL, INTENDED_SERIAL, EXPIRED_SERIAL = range(1001, 1007)
UNKNOWN_SERIAL = 77

_AUTHORITY = ((x509.BasicConstraints(ca=True, path_length=None), True),)

HASH_OIDS = {
    "md5": "1.2.840.113549.2.5",
    "sha1": "1.3.14.3.2.26",
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}


def status(
    state: CertificateState = CertificateState.ISSUED,
    reason: RevocationReason | None = None,
    not_after: datetime = NOW + timedelta(days=90),
) -> CertificateStatus:
    """The status of a certificate, revoked an hour ago where there is a reason."""
    revocation = None if reason is None else Revocation(NOW - timedelta(hours=1), reason)
    return CertificateStatus(state, not_after, revocation)


def make_certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: tuple[str, ec.EllipticCurvePrivateKey] | None = None,
    *,
    start: datetime = NOW - timedelta(days=30),
    end: datetime = NOW + timedelta(days=30),
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> x509.Certificate:
    """A certificate for that common name; self-signed where there is no issuer."""
    issuer_name, issuer_key = issuer or (name, key)
    builder = x509.CertificateBuilder(
        _name(issuer_name), _name(name), key.public_key(), x509.random_serial_number(), start, end
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


class Statuses:
    """The one aggregate that OCSP reads."""

    def __init__(self) -> None:
        self.known: dict[tuple[IssuerName, int], CertificateStatus] = {}
        self.asked: list[int] = []

    def status(self, issuer: IssuerName, serial: SerialNumber) -> CertificateStatus | None:
        """As the store answers."""
        self.asked.append(serial)
        return self.known.get((issuer, serial))


class StatusStore:
    """A store that can be switched off; counts its transactions."""

    def __init__(self) -> None:
        self.certificates = Statuses()
        self.available = True
        self.transactions = 0

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """A transaction in which only statuses can be read."""
        if not self.available:
            raise Refused(Reason.UNAVAILABLE, "the database is away")
        self.transactions += 1
        yield cast(Reading, self)


class FixedSigners:
    """Signers as they are set; counts how often it was asked for a key."""

    def __init__(self, keys: dict[KeyName, CertificateIssuerPrivateKeyTypes]) -> None:
        self.signers: list[OcspSigner] = []
        self.keys = keys
        self.number = 1
        self.available = True
        self.loads = 0
        self.signatures = 0

    def version(self) -> int:
        """As set; Refused while unavailable."""
        if not self.available:
            raise Refused(Reason.UNAVAILABLE, "the database is away")
        return self.number

    def all(self) -> list[OcspSigner]:
        """As set; counted."""
        self.loads += 1
        return self.signers

    def key(self, signer: OcspSigner) -> CertificateIssuerPrivateKeyTypes:
        """The key of that name, Refused where there is none; counted."""
        self.signatures += 1
        if signer.key not in self.keys:
            raise Refused(Reason.UNAVAILABLE, "the token is away")
        return self.keys[signer.key]


class OcspWorld:
    """A responder for `ISSUER` (delegated signer) and `OTHER` (signs itself), with a clock that tests turn."""

    def __init__(self, settings: OcspSettings | None = None, now: datetime = NOW) -> None:
        self.now = now
        self.issuer_key, self.other_key, self.signer_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
        start, end = now - timedelta(days=30), now + timedelta(days=30)
        self.issuer = make_certificate("Demo Issuing CA", self.issuer_key, start=start, end=end, extensions=_AUTHORITY)
        self.other = make_certificate("Demo Other CA", self.other_key, start=start, end=end, extensions=_AUTHORITY)
        self.signer_certificate = make_certificate(
            "OCSP demo-issuing",
            self.signer_key,
            ("Demo Issuing CA", self.issuer_key),
            start=start,
            end=now + timedelta(days=7),
            extensions=[
                (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False),
                (x509.OCSPNoCheck(), False),
            ],
        )
        self.signers = FixedSigners(
            {KeyName("software:ocsp"): self.signer_key, KeyName("software:other"): self.other_key}
        )
        self.signers.signers = [self.delegated(), self.direct()]
        self.store = StatusStore()
        self.set(GOOD_SERIAL, status())
        self.set(REVOKED_SERIAL, status(reason=RevocationReason.KEY_COMPROMISE))
        self.set(HELD_SERIAL, status(reason=RevocationReason.CERTIFICATE_HOLD))
        self.set(ABANDONED_SERIAL, status(CertificateState.ABANDONED, RevocationReason.UNSPECIFIED))
        self.set(INTENDED_SERIAL, status(CertificateState.INTENDED))
        self.set(EXPIRED_SERIAL, status(not_after=NOW - timedelta(days=1)))
        self.settings = settings or OcspSettings()
        self.answering = Answering(store=self.store, signers=self.signers, clock=self.clock, settings=self.settings)
        self.responder = OcspResponder(self.answering, path=self.settings.path, clock=self.clock)

    def clock(self) -> datetime:
        """The time as tests set it."""
        return self.now

    def set(self, serial: int, value: CertificateStatus, issuer: IssuerName = ISSUER) -> None:
        """Give a serial a status."""
        self.store.certificates.known[issuer, serial] = value

    def delegated(self) -> OcspSigner:
        """`ISSUER`'s signer."""
        certificate = self.signer_certificate
        return OcspSigner(
            ISSUER,
            self.issuer,
            certificate,
            self.signer_key.public_key(),
            KeyName("software:ocsp"),
            pss=False,
            not_after=certificate.not_valid_after_utc - timedelta(days=2),
        )

    def direct(self) -> OcspSigner:
        """`OTHER`, which signs its answers itself."""
        return OcspSigner(
            OTHER,
            self.other,
            None,
            self.other_key.public_key(),
            KeyName("software:other"),
            pss=False,
            not_after=NOW + timedelta(minutes=1),
        )

    def certificate_id(self, serial: int, hash_name: str = "sha1", *, other: bool = False) -> bytes:
        """CertID of a serial of `ISSUER` (or `OTHER`)."""
        return certificate_id(self.other if other else self.issuer, serial, hash_name)

    def ask(self, data: bytes) -> ocsp.OCSPResponse:
        """What the operation answers; Refused comes through."""
        return ocsp.load_der_ocsp_response(self.answering.answer(data).body)


def certificate_id(
    issuer: x509.Certificate,
    serial: int,
    hash_name: str = "sha1",
    *,
    parameters: bytes = der.NULL,
    oid: str | None = None,
    cut: int | None = None,
) -> bytes:
    """CertID, where needed with a wrong algorithm or with hashes cut short."""
    name = hashlib.new(hash_name, issuer.subject.public_bytes()).digest()[:cut]
    point = issuer.public_key()
    assert isinstance(point, ec.EllipticCurvePublicKey)
    numbers = point.public_numbers()
    bits = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
    key = hashlib.new(hash_name, bits).digest()[:cut]
    algorithm = der.sequence(der.oid(oid or HASH_OIDS[hash_name]), parameters)
    return der.sequence(algorithm, der.octet_string(name), der.octet_string(key), der.integer(serial))


def request(
    *ids: bytes,
    version: bytes = b"",
    requestor: bytes = b"",
    extensions: Sequence[bytes] = (),
    single: Sequence[bytes] = (),
    signature: bytes = b"",
) -> bytes:
    """OCSPRequest of these CertIDs; `single` are extensions of every single request."""
    singles = der.explicit(0, der.sequence(*single)) if single else b""
    listed = der.sequence(*(der.sequence(one, singles) for one in ids))
    extra = der.explicit(2, der.sequence(*extensions)) if extensions else b""
    return der.sequence(der.sequence(version, requestor, listed, extra), signature)


def nonce(content: bytes, *, critical: bool = False) -> bytes:
    """The nonce extension."""
    return der.extension(der.oid("1.3.6.1.5.5.7.48.1.2"), der.octet_string(content), critical=critical)


def url_text(data: bytes) -> str:
    """Base64 as it stands, before any percent-encoding."""
    return b64encode(data).decode()
