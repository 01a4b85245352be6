"""Tests of emca_daemon.policy.identifiers."""

from emca_daemon.errors import Mismatch, Reason
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.policy.identifiers import identifier_mismatches, name_mismatches
from tests.support.policy_world import WHO, dns, profile


def test_names_that_fit_have_no_mismatch() -> None:
    """Wildcards, addresses and doubles included."""
    names = (*dns("a.example", "*.example", "a.example"), AlternativeName(NameType.IP, "192.0.2.1"))
    assert (
        name_mismatches(profile(names={"dns": {"wildcards": True, "single_label": True}, "ip": {}}), names, WHO) == []
    )


def test_every_bad_name_is_told_by_its_text() -> None:
    """One mismatch a name, in their order."""
    names = (*dns("a..b", "ok.example", "x.secret.example"), AlternativeName(NameType.EMAIL, "a@b.example"))
    found = identifier_mismatches(profile().names, names)
    assert found == [
        Mismatch("a..b", "has an empty label", Reason.NAME_REFUSED),
        Mismatch("x.secret.example", "is among the names that this profile excludes", Reason.NAME_REFUSED),
        Mismatch("a@b.example", "is a name of type email, which is not allowed here", Reason.NAME_REFUSED),
    ]


def test_too_few_and_too_many_names_are_told() -> None:
    """Doubles count once."""
    rules = profile(names={"minimum": 2, "maximum": 2, "dns": {}}).names
    assert [m.field for m in identifier_mismatches(rules, dns("a.b", "a.b"))] == ["names.minimum"]
    assert [m.field for m in identifier_mismatches(rules, dns("a.b", "c.d", "e.f"))] == ["names.maximum"]


def test_the_requester_is_told_before_the_names() -> None:
    """For an ACME order, both are looked at together."""
    rules = profile(requesters={"protocols": ["est"]})
    assert [m.field for m in name_mismatches(rules, dns("a..b"), WHO)] == ["requesters.protocols", "a..b"]


def test_a_name_that_cannot_be_written_is_told_in_text_that_can() -> None:
    """A lone surrogate, as JSON may bring one, must not break logs and rows."""
    (found,) = identifier_mismatches(profile().names, dns("a\ud800.example"))
    assert found.field == "a\\ud800.example"
    assert found.detail.encode()
