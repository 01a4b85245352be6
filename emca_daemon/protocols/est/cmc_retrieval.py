"""Certificates and CRLs of ours for those who ask in a full CMC request (RFC 5272 6.9, 6.10)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cryptography import x509

from emca_daemon.asn1.cmc import GetCert, GetCrl
from emca_daemon.ca.authorities import Authority
from emca_daemon.ca.records import Intent, IssuedCrl
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import SerialNumber
from emca_daemon.protocols.est.calls import Call

_SERIALS: Final = range(1, 1 << 160)
_PUBLICATIONS: Final = 16
"""How far back is looked for an earlier CRL: the store keeps fewer of them whole."""


def issuers_called(call: Call, name: x509.Name) -> tuple[Authority, ...]:
    """Our issuers of that name, several after a new key; raises Refused(UNKNOWN_CERTIFICATE) where there is none."""
    found = tuple(one for one in call.endpoint.authorities.known() if one.certificate.subject == name)
    if not found:
        raise Refused(Reason.UNKNOWN_CERTIFICATE, "no issuer here is called so")
    return found


def issued(call: Call, issuer: x509.Name, serial: int) -> tuple[Intent, bytes]:
    """What is known of the certificate by its issuer's name and its serial number, and its DER.

    Raises Refused(UNKNOWN_CERTIFICATE) for what is not ours.
    """
    issuers = issuers_called(call, issuer)
    if serial in _SERIALS:
        with call.endpoint.store.reading() as tx:
            for one in issuers:
                record = tx.certificates.find(one.name, SerialNumber(serial))
                if record is not None and record.der is not None:
                    return record.intent, record.der
    raise Refused(Reason.UNKNOWN_CERTIFICATE, "there is no such certificate")


def certificate(call: Call, asked: GetCert) -> bytes:
    """The certificate that is asked for, in DER; raises Refused(UNKNOWN_CERTIFICATE)."""
    if not isinstance(asked.issuer, x509.DirectoryName):
        raise Refused(Reason.UNKNOWN_CERTIFICATE, "issuers here have distinguished names")
    return issued(call, asked.issuer.value, asked.serial)[1]


def revocation_lists(call: Call, asked: GetCrl) -> list[bytes]:
    """The full CRL of the issuer of that name, in DER; of each, where keys of one name have followed each other.

    With a time it is the newest that came out before, as far back as they are kept. Raises
    Refused(UNKNOWN_CERTIFICATE) where there is none, or the issuer publishes elsewhere than asked.
    """
    issuers = [one for one in issuers_called(call, asked.issuer) if _publishes(one, asked.point)]
    if not issuers:
        raise Refused(Reason.UNKNOWN_CERTIFICATE, "the issuer has no CRL there")
    found: list[bytes] = []
    with call.endpoint.store.reading() as tx:
        for issuer in issuers:
            if asked.time is None:
                crl = tx.crls.latest(issuer.name)
            else:
                crl = _before(tx.crls.history(issuer.name, _PUBLICATIONS), asked.time)
            if crl is not None:
                found.append(crl.der)
    if not found:
        raise Refused(Reason.UNKNOWN_CERTIFICATE, "there is no such CRL, or no longer")
    return found


def _publishes(issuer: Authority, point: x509.GeneralName | None) -> bool:
    """Whether that is where the issuer's CRLs are: an address of theirs, or its own name."""
    if isinstance(point, x509.UniformResourceIdentifier):
        return point.value in issuer.publication.crl_urls
    return point is None or point == x509.DirectoryName(issuer.certificate.subject)


def _before(newest_first: Sequence[IssuedCrl], moment: datetime) -> IssuedCrl | None:
    full = (crl for crl in newest_first if crl.base_number is None and crl.der)
    return next((crl for crl in full if crl.this_update < moment), None)
