"""Answering: from an OCSP request to a signed response."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from emca_daemon.ca.ports import ReadingStore
from emca_daemon.ca.records import CertificateState, CertificateStatus, RevocationReason
from emca_daemon.ca.signatures import sign
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, SerialNumber
from emca_daemon.protocols.caching import entity_tag
from emca_daemon.protocols.ocsp.index import PreparedSigner, SignerIndex
from emca_daemon.protocols.ocsp.kept import Answer, KeptAnswers
from emca_daemon.protocols.ocsp.ports import Signers
from emca_daemon.protocols.ocsp.requests import CertificateId, OcspRequest, decode_request
from emca_daemon.protocols.ocsp.responses import (
    ResponseTimes,
    Revoked,
    SingleAnswer,
    encode_response,
    encode_response_data,
)
from emca_daemon.settings.model import OcspSettings

_KEPT_ANSWERS = 4096
_LONGEST_REUSE = timedelta(seconds=60)
_LARGEST_SERIAL = (1 << 160) - 1
_NEVER_ISSUED = Revoked(datetime(1970, 1, 1, tzinfo=UTC), RevocationReason.CERTIFICATE_HOLD.value)
"""How a serial that was never issued is called revoked (RFC 6960 2.2)."""

Statuses = tuple[CertificateStatus | None, ...]


@dataclass(frozen=True, slots=True)
class _Question:
    """A request, when it was asked, who signs the answer, and what the store says of each certificate."""

    request: OcspRequest
    now: datetime
    signer: PreparedSigner
    statuses: Statuses


class Answering:
    """Answers OCSP requests: status from the store each time, signature reused while the status is the same."""

    def __init__(self, *, store: ReadingStore, signers: Signers, clock: Clock, settings: OcspSettings) -> None:
        self._store = store
        self._signers = signers
        self._index = SignerIndex(signers)
        self._clock = clock
        self._settings = settings
        self._kept = KeptAnswers(_KEPT_ANSWERS, min(_LONGEST_REUSE, settings.validity / 4))

    def answer(self, data: bytes) -> Answer:
        """The answer to an encoded request; raises Refused for everything that is not a successful response."""
        request = decode_request(data, self._settings.max_requests)
        # The time comes before the status: a change in between makes the answer older, never wrong.
        now = self._clock().astimezone(UTC).replace(microsecond=0)
        signer = self._find_signer(request, now)
        question = _Question(request, now, signer, self._read_statuses(signer.issuer, request))
        status = question.statuses[0]
        if status is None or len(request.certificates) > 1 or request.nonce is not None:
            return self._sign(question)
        key = signer.mark + request.certificates[0].encoded
        kept = self._kept.find(key, status, now)
        if kept is None:
            kept = self._sign(question)
            self._kept.keep(key, status, kept)
        return kept

    def _find_signer(self, request: OcspRequest, now: datetime) -> PreparedSigner:
        """The signer of the one issuer that every CertID names: one response has one signer."""
        signers = {signer.issuer: signer for asked in request.certificates for signer in [self._index.find(asked, now)]}
        if len(signers) > 1:
            raise Refused(Reason.NOT_FOUND, "certificates of several issuers cannot be answered for in one response")
        return signers.popitem()[1]

    def _read_statuses(self, issuer: IssuerName, request: OcspRequest) -> Statuses:
        """What the store knows of each serial, all in one transaction."""
        with self._store.reading() as tx:
            statuses = tuple(
                tx.certificates.status(issuer, SerialNumber(asked.serial))
                # What is no serial number of X.509 was never taken; the store need not be able to hold it.
                if 0 < asked.serial <= _LARGEST_SERIAL
                else None
                for asked in request.certificates
            )
        if None in statuses and self._settings.unknown == "unauthorized":
            raise Refused(Reason.UNKNOWN_CERTIFICATE, "that serial number was never issued")
        return statuses

    def _sign(self, question: _Question) -> Answer:
        signer = question.signer
        times = ResponseTimes(question.now, min(question.now + self._settings.validity, signer.not_after))
        data = encode_response_data(
            signer.key_hash,
            tuple(
                self._answer_one(asked, status, question)
                for asked, status in zip(question.request.certificates, question.statuses, strict=True)
            ),
            times,
            nonce=question.request.nonce,
            extended_revoke=self._settings.unknown == "revoked" and None in question.statuses,
        )
        signature = sign(self._signers.key(signer.signer), data, signer.signer.pss)
        body = encode_response(data, signer.algorithm, signature, signer.certificate)
        shared = question.request.nonce is None
        return Answer(body, times.this_update, times.next_update, entity_tag(body), shared)

    def _answer_one(self, asked: CertificateId, status: CertificateStatus | None, question: _Question) -> SingleAnswer:
        if status is None:
            return SingleAnswer(asked.encoded, _NEVER_ISSUED if self._settings.unknown == "revoked" else None)
        expired = status.not_after < question.now
        return SingleAnswer(
            asked.encoded,
            certificate_status(status),
            question.signer.archive_cutoff if expired else None,
        )


def certificate_status(status: CertificateStatus) -> Revoked | bool:
    """What a serial that was taken is: `Revoked`, or True for good.

    An intended certificate is good: its precertificate, or the certificate itself, may be seen before it is recorded,
    and must not be called unknown then (an answer that caches would keep for hours). Until it is signed nobody can know
    its serial; if it never is, it becomes abandoned, and an abandoned one is revoked.
    """
    if status.revocation is not None:
        return Revoked(status.revocation.at, status.revocation.reason.value)
    if status.state is CertificateState.ABANDONED:
        raise Refused(Reason.INTERNAL, "an abandoned serial number without a revocation")
    return True
