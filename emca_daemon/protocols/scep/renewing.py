"""Renewal: whether the certificate that signed a request is one of ours that may be renewed now (RFC 8894 2.3)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography import x509

from emca_daemon.ca import ports as ca
from emca_daemon.ca.cycle import NoCompanion
from emca_daemon.ca.pending import decode_facts
from emca_daemon.ca.records import CertificateRecord, CertificateState, Intent, PendingRequest
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName
from emca_daemon.policy.decision import decide
from emca_daemon.policy.facts import RequestFacts
from emca_daemon.policy.tokens import Approved
from emca_daemon.protocols.scep.endpoint import Endpoint
from emca_daemon.protocols.scep.messages import PkiMessage


@dataclass(frozen=True, slots=True)
class Signatory:
    """A certificate of ours that signed a request; `objection` says why it may not be renewed, empty if it may."""

    record: CertificateRecord
    objection: str


def signatory_of(endpoint: Endpoint, message: PkiMessage) -> Signatory | None:
    """The signer's certificate as the store knows it; None where it is none of ours."""
    if message.self_signed:
        return None
    with endpoint.store.reading() as tx:
        record = tx.certificates.find_by_fingerprint(sha256(message.certificate_der).digest())
    return None if record is None else Signatory(record, _objection(endpoint, record, endpoint.clock()))


def _objection(endpoint: Endpoint, record: CertificateRecord, now: datetime) -> str:
    renewal, intent = endpoint.settings.renewal, record.intent
    if not renewal.enabled:
        return "certificates are not renewed here"
    if intent.issuer not in endpoint.issuers or intent.profile not in endpoint.renewable:
        return "the signer's certificate is none that is renewed here"
    if record.state is not CertificateState.ISSUED or record.revocation is not None:
        return "the signer's certificate is revoked"
    if not intent.not_before <= now <= intent.not_after:
        return "the signer's certificate has expired or is not valid yet"
    if renewal.window is not None and now < intent.not_after - renewal.window:
        return f"the certificate may be renewed from {intent.not_after - renewal.window:%Y-%m-%d %H:%M:%S} UTC on"
    return ""


def check_key(endpoint: Endpoint, signatory: Signatory, facts: RequestFacts) -> None:
    """Raise Refused(KEY_REFUSED) for the old key where a new one is wanted."""
    if not endpoint.settings.renewal.same_key and facts.key.fingerprint == signatory.record.intent.key_fingerprint:
        raise Refused(Reason.KEY_REFUSED, "a renewal here needs a new key")


class SameNames(NoCompanion):
    """Looks that a renewed certificate says no more than the old one: before it is signed, or waits for a person."""

    def __init__(self, endpoint: Endpoint, old: Intent) -> None:
        self._endpoint = endpoint
        self._old = old

    def intended(self, tx: ca.Writing, intent: Intent) -> None:  # noqa: ARG002 - a companion's signature
        """Raise Refused(NAME_REFUSED) for another subject or for more names."""
        self._check(intent.subject, intent.names)

    def waiting(self, tx: ca.Writing, request: PendingRequest) -> None:  # noqa: ARG002 - a companion's signature
        """The same, for the certificate that the profile makes of it once a person approves."""
        endpoint = self._endpoint
        profile, facts = endpoint.enrollment.profile(request.profile), decode_facts(request.facts)
        approved = decide(facts, profile, endpoint.authority.facts, endpoint.clock(), approver="a person")
        assert isinstance(approved, Approved)
        self._check(approved.subject.rfc4514_string(), approved.names)

    def _check(self, subject: str, names: Sequence[AlternativeName]) -> None:
        if not _same_attributes(subject, self._old.subject) or not set(names) <= set(self._old.names):
            raise Refused(Reason.NAME_REFUSED, "a renewed certificate has the subject and names of the old one")


def _same_attributes(one: str, other: str) -> bool:
    """Whether two subjects say the same, however they are arranged: the profile may have changed that meanwhile."""
    if one == other:
        return True
    try:
        return Counter(x509.Name.from_rfc4514_string(one)) == Counter(x509.Name.from_rfc4514_string(other))
    except ValueError:
        return False
