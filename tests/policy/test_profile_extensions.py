"""Tests of emca_daemon.policy.profile_extensions."""

import pytest
from cryptography import x509

from emca_daemon.policy.profile_extensions import PURPOSES, ExtendedKeyUsageRules, Purpose
from tests.support.policy_world import problems_of, profile


def test_purposes_are_names_or_oids() -> None:
    """A name stands for its OID."""
    assert Purpose.parse("server-auth") == Purpose.parse(PURPOSES["server-auth"])
    with pytest.raises(ValueError, match="server-auth"):
        Purpose.parse("server")


def test_no_purpose_is_no_extension() -> None:
    """An empty extension would be malformed (RFC 5280 4.2.1.12)."""
    assert ExtendedKeyUsageRules().extension is None


def test_a_policy_has_its_qualifiers() -> None:
    """CPS addresses first, then the notice."""
    (rule,) = profile(policies=[{"oid": "1.2.3", "cps": ["https://a.example/cps"], "user_notice": "Hello"}]).policies
    assert rule.information == x509.PolicyInformation(
        x509.ObjectIdentifier("1.2.3"), ["https://a.example/cps", x509.UserNotice(None, "Hello")]
    )
    (bare,) = profile(policies=[{"oid": "1.2.3"}]).policies
    assert bare.information.policy_qualifiers is None


def test_a_custom_extension_is_written_as_it_is() -> None:
    """Its octets and its criticality are the profile's."""
    (custom,) = profile(custom_extensions=[{"oid": "1.2.3", "value": "0500", "critical": True}]).custom_extensions
    oid = x509.ObjectIdentifier("1.2.3")
    assert custom.extension == x509.Extension(oid, critical=True, value=x509.UnrecognizedExtension(oid, b"\x05\x00"))


BAD: list[tuple[dict[str, object], str]] = [
    ({"key_usage": {"bits": ["encipher-only"]}}, "key_usage.bits"),
    ({"policies": [{"oid": "1.2.3", "user_notice": "x" * 201}]}, "policies[0].user_notice"),
    ({"policies": [{"oid": "1.2.3", "user_notice": ""}]}, "policies[0].user_notice"),
    ({"policies": [{"oid": "1.2.3", "cps": ["é"]}]}, "policies[0].cps"),
    ({"policies": [{}]}, "policies[0].oid"),
    ({"custom_extensions": [{"oid": "1.2.3", "value": "05"}]}, "custom_extensions[0].value"),
    ({"basic_constraints": {"path_length": -1}}, "basic_constraints.path_length"),
]


@pytest.mark.parametrize(("table", "key"), BAD)
def test_what_the_standards_do_not_allow_is_refused(table: dict[str, object], key: str) -> None:
    """At load, by its key."""
    assert [found for found, _ in problems_of(table)] == [key]
