"""The subject of a certificate, from what was asked for and what the profile says of each attribute."""

from collections import Counter
from collections.abc import Sequence

from cryptography import x509

from emca_daemon.asn1.attributes import COMMON_NAME, attribute_type
from emca_daemon.asn1.names import subject_to_name
from emca_daemon.errors import Mismatch, Reason
from emca_daemon.names import AlternativeName, NameType, Subject, SubjectAttribute
from emca_daemon.policy import name_texts
from emca_daemon.policy.profile import Profile
from emca_daemon.policy.profile_subject import AttributeRule, SubjectRules

_LONGEST_COMMON_NAME = 64


def chosen_subject(
    rules: SubjectRules, asked: Subject, names: Sequence[AlternativeName]
) -> tuple[Subject, list[Mismatch]]:
    """The subject to certify, arranged as the profile says, and what is wrong with the one asked.

    The subject returned means something only where there are no mismatches.
    """
    values: dict[str, list[str]] = {}
    for attribute in asked:
        values.setdefault(attribute.oid, []).append(attribute.value)
    chosen: list[SubjectAttribute] = []
    mismatches: list[Mismatch] = []
    common_names: list[str] = []
    if rules.common_name != "as-requested":
        common_names = values.pop(COMMON_NAME, [])
        mismatches += _foreign_common_names(common_names, names)
    for rule in rules.attributes:
        given = values.get(rule.type.oid, [])
        mismatches += _attribute_mismatches(rules, rule, given)
        written = given if rule.use in ("required", "optional") else [rule.value] if rule.value is not None else []
        chosen += (SubjectAttribute(rule.type.oid, value) for value in written)
    if rules.unlisted == "refuse":
        unlisted = [oid for oid in values if oid not in rules.by_oid]
        mismatches += (_refusal(oid, "is not an attribute that this profile knows") for oid in unlisted)
    if rules.common_name == "first-dns-name" and (common_name := _common_name(common_names, names)):
        chosen.append(SubjectAttribute(COMMON_NAME, common_name))
    if rules.order == "as-requested" and Counter(chosen) == Counter(asked):
        return asked, mismatches
    return tuple(chosen), mismatches


def presence_mismatches(profile: Profile, subject: Subject, names: Sequence[AlternativeName]) -> list[Mismatch]:
    """A certificate must say whose it is, a CA's by its subject (RFC 5280 4.1.2.6)."""
    if subject or (names and not profile.is_authority):
        return []
    what = "a subject" if profile.is_authority else "a subject or an alternative name"
    return [Mismatch("subject", f"the certificate needs {what}", Reason.NAME_REFUSED)]


def encoded_subject(rules: SubjectRules, subject: Subject) -> x509.Name:
    """The subject as X.509 has it, with the string types of the profile."""
    types = {oid: rule.encoding for oid, rule in rules.by_oid.items()}
    return subject_to_name(subject, types)


def _refusal(oid: str, detail: str) -> Mismatch:
    return Mismatch(f"subject.{attribute_type(oid).name}", detail, Reason.NAME_REFUSED)


def _foreign_common_names(common_names: list[str], names: Sequence[AlternativeName]) -> list[Mismatch]:
    known = {name.value for name in names}
    return [
        _refusal(COMMON_NAME, f"{value!r} is not among the alternative names")
        for value in common_names
        if _canonical(value) not in known
    ]


def _canonical(common_name: str) -> str:
    """A common name as the alternative names would write it."""
    return name_texts.canonical_ip_address(common_name) or common_name.lower()


def _common_name(asked: list[str], names: Sequence[AlternativeName]) -> str | None:
    dns = [name.value for name in names if name.type is NameType.DNS]
    wanted = [value for value in (common_name.lower() for common_name in asked) if value in dns]
    return next((value for value in wanted + dns if len(value) <= _LONGEST_COMMON_NAME), None)


def _attribute_mismatches(rules: SubjectRules, rule: AttributeRule, given: list[str]) -> list[Mismatch]:
    oid = rule.type.oid
    if rule.use == "fixed":
        allowed = rules.fixed_values[oid]
        foreign = [value for value in given if value not in allowed]
        return [_refusal(oid, f"{value!r} is not what this profile writes") for value in foreign]
    if rule.use == "forbidden":
        return [_refusal(oid, "must not be given")] if given else []
    if not given:
        return [_refusal(oid, "is required")] if rule.use == "required" else []
    mismatches = [_refusal(oid, problem) for value in given if (problem := rule.problem(value))]
    if len(given) > rule.maximum:
        mismatches.append(_refusal(oid, f"must not be given more than {rule.maximum} times"))
    return mismatches
