"""Answers kept for a while, so that asking twice does not cost two signatures."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from emca_daemon.ca.records import CertificateStatus


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful response and what a cache must know of it.

    `tag` is its strong entity tag; `shared` says that it is the same for everybody (it echoes no nonce).
    """

    body: bytes
    this_update: datetime
    next_update: datetime
    tag: str
    shared: bool


class KeptAnswers:
    """The newest answers by CertID, at most `size` of them; safe to share between threads.

    The caller reads the certificate's status each time: an answer is reused only for the very status it was made for,
    so that a revocation shows at once whichever process wrote it down.
    """

    def __init__(self, size: int, lifetime: timedelta) -> None:
        self._size = size
        self._lifetime = lifetime
        self._answers: OrderedDict[bytes, tuple[CertificateStatus, Answer]] = OrderedDict()
        self._lock = Lock()

    def find(self, certificate_id: bytes, status: CertificateStatus, now: datetime) -> Answer | None:
        """The answer made for that status, unless it is too old (or the clock went back behind it)."""
        with self._lock:
            kept = self._answers.get(certificate_id)
            if kept is None or kept[0] != status or not kept[1].this_update <= now < self._end_of(kept[1]):
                return None
            self._answers.move_to_end(certificate_id)
            return kept[1]

    def keep(self, certificate_id: bytes, status: CertificateStatus, answer: Answer) -> None:
        """Keep an answer, unless a newer one is there already: thisUpdate never goes back."""
        with self._lock:
            kept = self._answers.get(certificate_id)
            if kept is not None and kept[1].this_update > answer.this_update:
                return
            self._answers[certificate_id] = (status, answer)
            self._answers.move_to_end(certificate_id)
            while len(self._answers) > self._size:
                self._answers.popitem(last=False)

    def _end_of(self, answer: Answer) -> datetime:
        return min(answer.this_update + self._lifetime, answer.next_update)
