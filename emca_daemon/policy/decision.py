"""The decision: what a request gets under a profile, or everything that is wrong with it at once."""

from datetime import datetime

from cryptography import x509

from emca_daemon.errors import Refused
from emca_daemon.names import AlternativeName, Subject
from emca_daemon.policy.constraints import constraint_mismatches
from emca_daemon.policy.extensions import built_extensions, requested_mismatches
from emca_daemon.policy.facts import IssuerFacts, RequestFacts
from emca_daemon.policy.identifiers import identifier_mismatches
from emca_daemon.policy.issuers import IssuerLimits, issuer_mismatches
from emca_daemon.policy.key_rules import key_mismatches
from emca_daemon.policy.profile import Profile
from emca_daemon.policy.requesters import requester_mismatches
from emca_daemon.policy.rules import rule_mismatches
from emca_daemon.policy.subjects import chosen_subject, encoded_subject, presence_mismatches
from emca_daemon.policy.tokens import Approved, AwaitsApproval
from emca_daemon.policy.validity import chosen_period


def decide(
    facts: RequestFacts, profile: Profile, issuer: IssuerFacts | None, now: datetime, *, approver: str = ""
) -> Approved | AwaitsApproval:
    """What the request gets: an approval, or word that a person (`approver`) must approve it first.

    Raises Refused with every mismatch, of the first mismatch's reason, in the order requester, names, subject, key,
    validity, issuer, requested extensions, rules of one's own. `issuer` is None for a root, and only for one.
    """
    limits = _limits(issuer) if issuer is not None else None
    names = tuple(dict.fromkeys(facts.names))
    subject, subject_mismatches = chosen_subject(profile.subject, facts.subject, names)
    encoded = encoded_subject(profile.subject, subject) if not subject_mismatches else None
    period, validity_mismatches = chosen_period(profile.validity, facts, limits, now)
    mismatches = [
        *requester_mismatches(profile, facts.requester),
        *identifier_mismatches(profile.names, names),
        *subject_mismatches,
        *presence_mismatches(profile, subject, names),
        *key_mismatches(profile.key, facts),
        *validity_mismatches,
        *issuer_mismatches(profile, limits, now),
        *constraint_mismatches(_constraints(issuer, limits), names, encoded, end_entity=not profile.is_authority),
        *requested_mismatches(profile, facts.extensions, facts.key.algorithm),
        *rule_mismatches(profile.rules, facts, period.length, profile.names.maximum),
    ]
    if mismatches or encoded is None:
        raise Refused(mismatches[0].reason, _count(len(mismatches), profile), tuple(mismatches))
    if profile.approval == "manual" and not approver:
        return AwaitsApproval(profile.name, _summary(subject, names))
    return Approved(
        profile=profile.name,
        kind=profile.kind,
        issuer=issuer.name if issuer is not None else None,
        subject=encoded,
        names=names,
        public_key=facts.key.public_key,
        key_fingerprint=facts.key.fingerprint,
        not_before=period.not_before,
        not_after=period.not_after,
        extensions=built_extensions(
            facts,
            profile,
            names,
            (issuer, limits) if issuer is not None and limits is not None else None,
            empty_subject=not subject,
        ),
        lint=profile.lint,
        requester=facts.requester,
        approver=approver,
    )


def _limits(issuer: IssuerFacts) -> IssuerLimits:
    return IssuerLimits.of(issuer.certificate, issuer.path_length, issuer.not_after)


def _constraints(issuer: IssuerFacts | None, limits: IssuerLimits | None) -> tuple[x509.NameConstraints, ...]:
    """Those of the whole chain above a certificate."""
    own = limits.name_constraints if limits is not None else None
    above = issuer.constraints_above if issuer is not None else ()
    return above if own is None else (own, *above)


def _count(count: int, profile: Profile) -> str:
    things = "one thing in the request does" if count == 1 else f"{count} things in the request do"
    return f"{things} not fit the profile {profile.name}"


def _summary(subject: Subject, names: tuple[AlternativeName, ...]) -> str:
    """One line for the person who approves."""
    parts = [attribute.value for attribute in subject] + [str(name) for name in names]
    return ", ".join(parts) or "a certificate without names"
