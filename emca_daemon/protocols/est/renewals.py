"""What a renewal may ask for: the certificate's own names, unless it says which others it wants (RFC 7030 4.2.2)."""

from dataclasses import replace

from cryptography import x509

from emca_daemon.asn1.names import alternative_name, name_to_subject
from emca_daemon.errors import Reason
from emca_daemon.names import AlternativeName
from emca_daemon.policy.facts import RequestFacts
from emca_daemon.policy.keys import key_facts
from emca_daemon.protocols.est.errors import EstRefusal
from emca_daemon.protocols.est.requests import EnrollmentRequest, NewNames, new_names
from emca_daemon.settings.est import EstSettings


def renewed_facts(request: EnrollmentRequest, old: x509.Certificate, settings: EstSettings) -> RequestFacts:
    """The facts of a renewal; raises a refusal with 403 for other names or a key that may not stay."""
    facts = request.facts
    check_names(facts, old)
    if not settings.reuse_key and facts.key.fingerprint == key_facts(old.public_key()).fingerprint:
        raise _refusal("a renewal needs a new key")
    changes = new_names(request)
    if changes is None:
        return facts
    if not settings.change_subject:
        raise _refusal("a renewal may not change names")
    return _changed(facts, changes)


def check_names(facts: RequestFacts, old: x509.Certificate) -> None:
    """Subject and alternative names must be those of the certificate; raises a refusal with 403.

    The order of a subject's attributes is the profile's, therefore it does not count.
    """
    same_subject = sorted(facts.subject, key=str) == sorted(name_to_subject(old.subject), key=str)
    if not same_subject or set(facts.names) != _names_of(old):
        raise _refusal("the request's subject and alternative names are not those of the certificate to be renewed")


def _changed(facts: RequestFacts, changes: NewNames) -> RequestFacts:
    """The names asked for by ChangeSubjectName; what it leaves out goes (RFC 6402 2.8)."""
    return replace(
        facts,
        subject=facts.subject if changes.subject is None else changes.subject,
        names=facts.names if changes.names is None else changes.names,
    )


def _names_of(old: x509.Certificate) -> set[AlternativeName]:
    try:
        names = old.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {alternative_name(name) for name in names}


def _refusal(detail: str) -> EstRefusal:
    return EstRefusal(403, detail, reason=Reason.NAME_REFUSED)
