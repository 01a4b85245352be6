"""Who may have a certificate of a profile."""

from emca_daemon.errors import Mismatch, Reason
from emca_daemon.policy.facts import Requester
from emca_daemon.policy.profile import Profile


def requester_mismatches(profile: Profile, requester: Requester) -> list[Mismatch]:
    """What the requester lacks."""
    rules = profile.requesters
    mismatches = [
        _refusal(field, f"{value or 'nothing'} is not among those that may ask for this profile")
        for field, allowed, value in (
            ("protocols", rules.protocols, requester.protocol),
            ("applications", rules.applications, requester.application),
            ("proofs", rules.proofs, requester.proof),
        )
        if allowed and value not in allowed
    ]
    if rules.identities and not any(pattern.covers(requester.identity) for pattern in rules.identities):
        mismatches.append(_refusal("identities", "the requester is not among those that may ask for this profile"))
    if rules.groups and requester.groups.isdisjoint(rules.groups):
        mismatches.append(_refusal("groups", "the requester is in none of the groups that may ask for this profile"))
    return mismatches


def _refusal(field: str, detail: str) -> Mismatch:
    return Mismatch(f"requesters.{field}", detail, Reason.NOT_PERMITTED)
