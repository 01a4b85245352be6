"""Which client certificates a label trusts: ours by our own records, others by their authority."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from emca_daemon.asn1.cms_signed import read_certificate
from emca_daemon.asn1.unreadable import UNREADABLE
from emca_daemon.ca.credentials import CredentialStore
from emca_daemon.ca.records import CertificateRecord, Intent
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, ProfileName
from emca_daemon.protocols.est.certificate_paths import is_listed, trusted_path
from emca_daemon.protocols.est.clients import TrustedCertificate
from emca_daemon.protocols.est.ports import RevocationLists
from emca_daemon.protocols.http import Peer
from emca_daemon.settings.est import EstCertificateSettings

_CMC_RA = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.28")
_CLIENT_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH
_ANY_PURPOSE = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE


class CertificateTrust:
    """Judges the client certificates of one label."""

    def __init__(
        self,
        settings: EstCertificateSettings,
        profile: ProfileName,
        issuer: IssuerName | None,
        store: CredentialStore,
        *,
        authorities: Sequence[x509.Certificate] = (),
        lists: RevocationLists = lambda: (),
    ) -> None:
        """`profile` and `issuer` are the label's; `authorities` and `lists` are the foreign CAs and their CRLs."""
        self._settings = settings
        self._renewable = settings.renewable or (profile,)
        self._issuers = settings.issuers or (issuer,)
        self._store = store
        self._authorities = authorities
        self._lists = lists

    def concerns(self, intent: Intent) -> bool:
        """Whether such a certificate is this label's business: by who issued it, and for what."""
        return intent.issuer in self._issuers and intent.profile in self._renewable

    def judge(self, peer: Peer, now: datetime, *, renewing: bool) -> TrustedCertificate:
        """The peer's certificate; raises Refused(NOT_AUTHENTICATED) unless it may do this.

        A foreign certificate enrolls, it is not renewed here.
        """
        if peer.certificate is None:
            raise Refused(Reason.NOT_AUTHENTICATED, "the client showed no certificate")
        try:
            certificate = read_certificate(peer.certificate)
            certificate.public_key()
            purposes = _purposes(certificate)
        except (Refused, *UNREADABLE):
            raise Refused(Reason.NOT_AUTHENTICATED, "the client certificate cannot be read") from None
        self._check_validity(certificate, now)
        with self._store.reading() as tx:
            record = tx.certificates.find_by_fingerprint(sha256(peer.certificate).digest())
        if record is not None:
            self._check_own(record)
        else:
            self._check_foreign(certificate, peer, now, purposes, renewing=renewing)
        return TrustedCertificate(certificate, record, agent=_CMC_RA in purposes)

    def _check_validity(self, certificate: x509.Certificate, now: datetime) -> None:
        grace = self._settings.expired_grace if self._settings.expired == "accept" else timedelta(0)
        if now < certificate.not_valid_before_utc or now - grace > certificate.not_valid_after_utc:
            raise Refused(Reason.NOT_AUTHENTICATED, "the client certificate is not valid now")

    def _check_own(self, record: CertificateRecord) -> None:
        if record.revocation is not None and self._settings.revoked == "refuse":
            raise Refused(Reason.NOT_AUTHENTICATED, "the client certificate is revoked")
        if not self.concerns(record.intent) or self._settings.own == "no":
            raise Refused(Reason.NOT_AUTHENTICATED, "the client certificate is of a sort that is not for this label")

    def _check_foreign(
        self,
        certificate: x509.Certificate,
        peer: Peer,
        now: datetime,
        purposes: frozenset[x509.ObjectIdentifier],
        *,
        renewing: bool,
    ) -> None:
        if renewing:
            raise Refused(Reason.NOT_AUTHENTICATED, "the client certificate is none of ours")
        path = trusted_path(certificate, peer.chain, self._authorities, now)
        if purposes and not purposes & {_CLIENT_AUTH, _ANY_PURPOSE, _CMC_RA}:
            raise Refused(Reason.NOT_AUTHENTICATED, "the client certificate is not for TLS clients")
        if self._settings.revoked == "refuse" and is_listed(path, self._lists()):
            raise Refused(Reason.NOT_AUTHENTICATED, "the client certificate is revoked")


def _purposes(certificate: x509.Certificate) -> frozenset[x509.ObjectIdentifier]:
    try:
        return frozenset(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return frozenset()
