"""Which alternative names a profile certifies: how many, and each by the rules of its type."""

from collections.abc import Sequence

from emca_daemon.errors import Mismatch, Reason
from emca_daemon.names import AlternativeName
from emca_daemon.policy.facts import Requester
from emca_daemon.policy.profile import Profile
from emca_daemon.policy.profile_names import NameRules
from emca_daemon.policy.requesters import requester_mismatches


def name_mismatches(profile: Profile, names: Sequence[AlternativeName], requester: Requester) -> list[Mismatch]:
    """What keeps this requester from a certificate for these names, before there is a key (ACME newOrder)."""
    return requester_mismatches(profile, requester) + identifier_mismatches(profile.names, names)


def identifier_mismatches(rules: NameRules, names: Sequence[AlternativeName]) -> list[Mismatch]:
    """What is wrong with the names, each by itself and all together; a mismatch's field is the text of its name."""
    mismatches = []
    count = len(set(names))
    if count < rules.minimum:
        mismatches.append(_refusal("names.minimum", f"needs at least {rules.minimum} names, has {count}"))
    if count > rules.maximum:
        mismatches.append(_refusal("names.maximum", f"allows at most {rules.maximum} names, not {count}"))
    by_type = rules.by_type
    for name in names:
        if (of_type := by_type.get(name.type)) is None:
            mismatches.append(_refusal(name.value, f"is a name of type {name.type.value}, which is not allowed here"))
        elif problem := of_type.problem(name.value):
            mismatches.append(_refusal(name.value, problem))
    return mismatches


def _refusal(field: str, detail: str) -> Mismatch:
    writable = field.encode(errors="backslashreplace").decode()  # JSON may bring lone surrogates
    return Mismatch(writable, detail, Reason.NAME_REFUSED)
