"""certConf: the client accepts its certificate, or does not (RFC 9483 4.1.1, 5.1.2; RFC 9810 5.3.18)."""

import hmac
from collections.abc import Mapping

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp import Body
from emca_daemon.asn1.cmp_content import CertificateStatus, certificate_statuses
from emca_daemon.asn1.cmp_status import FailInfo, Status
from emca_daemon.asn1.signature_algorithms import HASHES
from emca_daemon.asn1.values import Algorithm
from emca_daemon.ca import ports as ca
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.cmp.authentication import failure
from emca_daemon.protocols.cmp.calls import Answer, Call
from emca_daemon.protocols.cmp.errors import Failure
from emca_daemon.protocols.cmp.issuance import cmp_rows, finished, request_ids
from emca_daemon.protocols.cmp.operations.withdrawal import revoke_updated, withdraw
from emca_daemon.protocols.cmp.ports import Writing
from emca_daemon.protocols.cmp.records import Stage, Transaction

_SHAKE256 = "2.16.840.1.101.3.4.2.12"
_HASHES: Mapping[str, hashes.HashAlgorithm] = {**HASHES, _SHAKE256: hashes.SHAKE256(64)}
_BY_SIGNATURE: dict[str, hashes.HashAlgorithm] = {
    "1.3.101.112": hashes.SHA512(),  # Ed25519 (RFC 9481 3.3)
    "1.3.101.113": hashes.SHAKE256(64),  # Ed448
    "2.16.840.1.101.3.4.3.17": hashes.SHA256(),  # ML-DSA, which has no hash of its own
    "2.16.840.1.101.3.4.3.18": hashes.SHA384(),
    "2.16.840.1.101.3.4.3.19": hashes.SHA512(),
}
_VERSION_WITH_HASH = 3

CONFIRMED = Answer(Body.PKICONF, der.NULL)


def confirm(call: Call) -> Answer:
    """pkiconf, once the certificate is the client's or withdrawn; raises Failure.

    Whatever is wrong in the content ends the transaction, and the certificate with it (RFC 9483 3.6.4).
    """
    transaction = _confirming(call)
    accepted, refused = False, None
    with call.endpoint.store.writing() as tx:
        try:
            accepted = _is_accepted(call, transaction, tx)
        except Refused as refusal:
            refused = refusal
        if accepted:
            tx.cmp.update(finished(transaction, call), Stage.CONFIRMING)
    if accepted:
        revoke_updated(call, transaction)
        return CONFIRMED
    end(call, transaction)
    if refused is not None:
        raise refused
    return CONFIRMED


def end(call: Call, transaction: Transaction) -> None:
    """The transaction is over, and its certificate is nobody's."""
    over = finished(transaction, call)
    endpoint = call.endpoint

    def note(tx: ca.Writing) -> None:
        cmp_rows(tx).cmp.update(over, transaction.stage)

    try:
        if transaction.stage is Stage.CONFIRMING:
            withdraw(endpoint.revoking, transaction, call.requester, note)
            return
    except Refused as refusal:
        if refusal.reason is not Reason.ALREADY_REVOKED:
            raise
    with endpoint.store.writing() as tx:
        tx.cmp.update(over, transaction.stage)


def _confirming(call: Call) -> Transaction:
    transaction = call.opened
    assert transaction is not None
    if transaction.stage is Stage.CONFIRMING:
        return transaction
    if transaction.stage is Stage.FINISHED and transaction.serial is not None:
        if _is_withdrawn(call, transaction):
            raise failure(FailInfo.CERT_REVOKED, "the certificate was not confirmed, and is revoked")
        raise failure(FailInfo.CERT_CONFIRMED, "the certificate is confirmed already")
    raise failure(FailInfo.BAD_REQUEST, "there is nothing to be confirmed")


def _is_withdrawn(call: Call, transaction: Transaction) -> bool:
    assert transaction.issuer is not None
    assert transaction.serial is not None
    with call.endpoint.store.reading() as tx:
        record = tx.certificates.find(transaction.issuer, transaction.serial)
    return record is None or record.revocation is not None


def _is_accepted(call: Call, transaction: Transaction, tx: Writing) -> bool:
    """Whether the client accepts; raises Failure for a content that does not fit the certificate."""
    statuses = certificate_statuses(call.message.body)
    if not statuses:
        return False
    if len(statuses) > 1:
        raise failure(FailInfo.BAD_REQUEST, "one certificate is to be confirmed")
    (status,) = statuses
    if status.request_id not in request_ids(call, transaction):
        raise failure(FailInfo.BAD_REQUEST, f"the certReqId is {transaction.request_id}")
    accepted = status.status in (None, Status.ACCEPTED, Status.GRANTED_WITH_MODS)
    if not accepted and status.status != Status.REJECTION:
        raise failure(FailInfo.BAD_REQUEST, "a certificate is accepted or rejected")
    if accepted and status.failed:
        raise failure(FailInfo.BAD_REQUEST, "what is accepted has no failInfo")
    if not hmac.compare_digest(status.hash, _certificate_hash(call, transaction, status, tx)):
        raise failure(FailInfo.BAD_CERT_ID, "the certHash is not that of the certificate")
    return accepted


def _certificate_hash(call: Call, transaction: Transaction, status: CertificateStatus, tx: Writing) -> bytes:
    assert transaction.issuer is not None
    assert transaction.serial is not None
    record = tx.certificates.find(transaction.issuer, transaction.serial)
    if record is None or record.der is None:
        raise Failure(FailInfo.BAD_CERT_ID, "the certificate is gone")
    digest = hashes.Hash(_hash_for(call, record.der, status.algorithm))
    digest.update(record.der)
    return digest.finalize()


def _hash_for(call: Call, certificate: bytes, named: Algorithm | None) -> hashes.HashAlgorithm:
    """The hash that the client names (pvno 3), or the one of the certificate's signature."""
    if named is not None:
        chosen = _HASHES.get(named.oid)
        if chosen is None or call.message.header.pvno != _VERSION_WITH_HASH:
            raise failure(FailInfo.BAD_CERT_ID, "hashAlg is for version 3 and for the hashes known here")
        return chosen
    parsed = x509.load_der_x509_certificate(certificate)
    return _BY_SIGNATURE.get(parsed.signature_algorithm_oid.dotted_string) or (
        parsed.signature_hash_algorithm or hashes.SHA256()
    )
