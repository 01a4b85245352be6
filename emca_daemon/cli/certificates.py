"""How commands name a certificate, and what they show of one."""

import os
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from emca_daemon.asn1.unreadable import UNREADABLE
from emca_daemon.ca.records import CertificateQuery, CertificateRecord, CertificateState, RevocationReason
from emca_daemon.cli.output import Value
from emca_daemon.composition.core import Core
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, SerialNumber, serial_text

SHA256_HEX_DIGITS = 64
_MAX_FILE = 1 << 20


def find_certificate(core: Core, text: str) -> CertificateRecord:
    """The certificate that TEXT means: `ISSUER/SERIAL`, a serial, a SHA-256 fingerprint, or a file holding it.

    Raises Refused(NOT_FOUND), or Refused(MALFORMED) when several issuers used that serial.
    """
    path = Path(text)
    if os.path.isfile(text):  # noqa: PTH113 - Path.is_file raises for a text that is too long to be a path
        return _by_fingerprint(core, read_certificates(path)[0].fingerprint(SHA256()))
    issuer, slash, serial = text.rpartition("/")
    number = _hexadecimal(serial)
    if len(serial.replace(":", "")) == SHA256_HEX_DIGITS and not slash:
        return _by_fingerprint(core, number.to_bytes(32))
    names = [IssuerName(issuer)] if slash else [authority.name for authority in core.authorities.known()]
    with core.store.reading() as tx:
        found = [record for name in names if (record := tx.certificates.find(name, SerialNumber(number)))]
    if len(found) > 1:
        raise Refused(Reason.MALFORMED, f"several issuers have a certificate {text}: name one as ISSUER/SERIAL")
    if not found:
        raise Refused(Reason.NOT_FOUND, f"there is no certificate {text}")
    return found[0]


def read_certificates(path: Path) -> list[x509.Certificate]:
    """The certificates in a PEM or DER file; raises Refused(MALFORMED)."""
    with path.open("rb") as file:
        data = file.read(_MAX_FILE)
    try:
        if b"-----BEGIN" in data:
            return x509.load_pem_x509_certificates(data)
        return [x509.load_der_x509_certificate(data)]
    except UNREADABLE:
        raise Refused(Reason.MALFORMED, f"{path} holds no certificate") from None


def certificate_row(record: CertificateRecord, now: datetime) -> dict[str, Value]:
    """What lists and `show` print of a certificate."""
    intent, revocation = record.intent, record.revocation
    return {
        "issuer": intent.issuer,
        "serial": serial_text(intent.serial),
        "status": status_word(record, now),
        "subject": intent.subject,
        "names": [str(name) for name in intent.names],
        "not_before": intent.not_before,
        "not_after": intent.not_after,
        "profile": intent.profile,
        "protocol": intent.protocol,
        "requester": intent.requester,
        "fingerprint": record.fingerprint.hex() if record.fingerprint else None,
        "revoked_at": revocation.at if revocation else None,
        "reason": revocation.reason.name.lower() if revocation else None,
        "invalidity_date": revocation.invalidity_date if revocation else None,
    }


def status_word(record: CertificateRecord, now: datetime) -> str:
    """One word: `valid`, `expired`, `revoked`, `held`, `abandoned` or `intended`."""
    if record.state is not CertificateState.ISSUED:
        return str(record.state.value)
    if record.revocation is not None:
        return "held" if record.revocation.reason is RevocationReason.CERTIFICATE_HOLD else "revoked"
    return "expired" if record.intent.not_after < now else "valid"


def reason_of(text: str) -> RevocationReason:
    """A revocation reason as people write it (`keyCompromise`, `key-compromise`, `1`); raises Refused(MALFORMED).

    removeFromCRL, which is for delta CRLs only (RFC 5280 5.3.1), is none to choose.
    """
    folded = text.replace("-", "").replace("_", "").lower()
    for reason in RevocationReason:
        if folded in (reason.name.replace("_", "").lower(), str(reason.value)):
            if reason is RevocationReason.REMOVE_FROM_CRL:
                raise Refused(
                    Reason.MALFORMED, f"`{text}` is for delta CRLs only; `emca-daemon cert release` ends a hold"
                )
            return reason
    chosen = (reason for reason in RevocationReason if reason is not RevocationReason.REMOVE_FROM_CRL)
    known = ", ".join(reason.name.lower().replace("_", "-") for reason in chosen)
    raise Refused(Reason.MALFORMED, f"`{text}` is no revocation reason; choose from {known}")


def search(core: Core, query: CertificateQuery) -> list[dict[str, Value]]:
    """The rows of a search."""
    with core.store.reading() as tx:
        records = tx.certificates.search(query)
    now = core.clock()
    return [certificate_row(record, now) for record in records]


def _by_fingerprint(core: Core, fingerprint: bytes) -> CertificateRecord:
    with core.store.reading() as tx:
        record = tx.certificates.find_by_fingerprint(fingerprint)
    if record is None:
        raise Refused(Reason.NOT_FOUND, f"there is no certificate with the fingerprint {fingerprint.hex()}")
    return record


def _hexadecimal(text: str) -> int:
    try:
        return int(text.replace(":", "").removeprefix("0x"), 16)
    except ValueError:
        raise Refused(Reason.NOT_FOUND, f"`{text}` is neither a file nor a hexadecimal serial or fingerprint") from None
