"""Tests of emca_daemon.policy.extensions."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from emca_daemon.names import AlternativeName, NameType
from emca_daemon.policy.extensions import requested_mismatches
from emca_daemon.policy.facts import IssuerFacts, RequestedExtension, RequestFacts
from tests.support.policy_world import approved, dns, facts, issuer, private_key, profile, subject

MUST_STAPLE = "1.3.6.1.5.5.7.1.24"
STAPLE = RequestedExtension(MUST_STAPLE, critical=False, value=bytes.fromhex("3003020105"))
SERVER = facts(dns("a.example"))


def extensions(
    request: RequestFacts = SERVER,
    table: Mapping[str, object] | None = None,
    by: IssuerFacts | None = None,
    **more: object,
) -> x509.Extensions:
    """The extensions of an approval."""
    return x509.Extensions(list(approved(request, profile(table, **more), by).extensions))


def names(found: x509.Extensions) -> list[str]:
    """What the extensions are called, in order."""
    return [extension.oid._name for extension in found]


def test_a_server_certificate_has_its_extensions_in_order() -> None:
    """Constraints and usages, identifiers, names, addresses."""
    assert names(extensions()) == [
        "basicConstraints",
        "keyUsage",
        "extendedKeyUsage",
        "subjectKeyIdentifier",
        "authorityKeyIdentifier",
        "subjectAltName",
        "authorityInfoAccess",
        "cRLDistributionPoints",
    ]


def test_a_profile_of_defaults_writes_the_least() -> None:
    """Without usages, names and issuer addresses."""
    bare = IssuerFacts(issuer().name, issuer().certificate)
    table = {"subject": {"attributes": [{"type": "commonName"}]}}
    assert names(extensions(facts(asked=subject(CN="a")), table, bare, basic_constraints={"end_entity": False})) == [
        "subjectKeyIdentifier",
        "authorityKeyIdentifier",
    ]


def test_names_are_critical_where_the_subject_is_empty() -> None:
    """And only there (RFC 5280 4.2.1.6)."""
    san = x509.SubjectAlternativeName
    assert not extensions().get_extension_for_class(san).critical
    assert extensions(subject={"common_name": "none"}).get_extension_for_class(san).critical


def test_a_ca_says_so_critically() -> None:
    """Whatever the profile says of criticality; its name constraints come along."""
    table = {
        "kind": "sub-ca",
        "subject": {"attributes": [{"type": "commonName"}]},
        "key_usage": {"bits": ["key-cert-sign", "crl-sign"]},
        "basic_constraints": {"path_length": 0, "critical": False},
        "name_constraints": {"permitted": ["dns:a.b"], "excluded": ["ip:10.0.0.0/8"]},
    }
    found = extensions(facts(asked=subject(CN="Sub")), table)
    basic = found.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value) == (True, x509.BasicConstraints(ca=True, path_length=0))
    constraints = found.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert constraints.value.permitted_subtrees == [x509.DNSName("a.b")]


def test_only_one_side_of_name_constraints_is_written_where_there_is_one() -> None:
    """An empty list is left out (RFC 5280 4.2.1.10)."""
    table = {
        "kind": "sub-ca",
        "subject": {"attributes": [{"type": "commonName"}]},
        "key_usage": {"bits": ["key-cert-sign", "crl-sign"]},
        "name_constraints": {"excluded": ["dns:a.b"]},
    }
    found = extensions(facts(asked=subject(CN="Sub")), table)
    assert found.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees is None


def test_the_key_identifier_is_the_hash_of_the_key() -> None:
    """SHA-1 over the bits of the key (RFC 5280 4.2.1.2, method 1)."""
    found = extensions().get_extension_for_class(x509.SubjectKeyIdentifier).value
    point = private_key().public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    assert found.digest == hashlib.sha1(point).digest()


ADDRESSES = [
    ({"ocsp": False}, ["authorityInfoAccess", "cRLDistributionPoints"]),
    ({"ca_issuers": False}, ["authorityInfoAccess", "cRLDistributionPoints"]),
    ({"ocsp": False, "ca_issuers": False}, ["cRLDistributionPoints"]),
    ({"crl": False}, ["authorityInfoAccess"]),
    ({"alternative_names": True}, ["issuerAltName", "authorityInfoAccess", "cRLDistributionPoints"]),
]


@pytest.mark.parametrize(("switches", "written"), ADDRESSES)
def test_the_profile_switches_what_is_said_of_the_issuer(switches: dict[str, bool], written: list[str]) -> None:
    """Each by itself."""
    assert names(extensions(authority=switches))[6:] == written


def test_policies_no_check_and_custom_extensions_are_written() -> None:
    """After the addresses."""
    found = extensions(
        policies=[{"oid": "1.2.3"}], ocsp_no_check=True, custom_extensions=[{"oid": "1.2.5", "value": "0500"}]
    )
    assert [extension.oid.dotted_string for extension in found][8:] == ["2.5.29.32", "1.3.6.1.5.5.7.48.1.5", "1.2.5"]


def test_extensions_that_may_be_copied_are() -> None:
    """Octets and criticality as asked; all others are ignored."""
    other = RequestedExtension("1.2.9", critical=True, value=b"\x05\x00")
    request = replace(SERVER, extensions=(other, STAPLE))
    found = extensions(request, requested_extensions={"copy": [MUST_STAPLE]})
    copied = found.get_extension_for_oid(x509.ObjectIdentifier(MUST_STAPLE))
    assert copied.value.public_bytes() == STAPLE.value
    assert "1.2.9" not in [extension.oid.dotted_string for extension in found]
    assert names(extensions(request)) == names(extensions())


SAN = RequestedExtension("2.5.29.17", critical=False, value=b"\x30\x00")
ASKED = [
    ({"others": "refuse"}, (SAN,), []),
    ({"others": "refuse"}, (STAPLE,), [MUST_STAPLE]),
    ({"others": "refuse", "copy": [MUST_STAPLE]}, (STAPLE,), []),
    ({"copy": [MUST_STAPLE]}, (replace(STAPLE, value=b"\x30\x01"),), [MUST_STAPLE]),
    ({"copy": [MUST_STAPLE], "maximum_size": 4}, (STAPLE,), [MUST_STAPLE]),
    ({}, (STAPLE, STAPLE), [MUST_STAPLE]),
]


@pytest.mark.parametrize(("rules", "asked", "oids"), ASKED)
def test_what_is_asked_for_is_held_against_the_rules(
    rules: dict[str, object], asked: tuple[RequestedExtension, ...], oids: list[str]
) -> None:
    """Unknown, doubled, overlong or broken ones are told."""
    found = requested_mismatches(profile(requested_extensions=rules), asked, "ec")
    assert [mismatch.field for mismatch in found] == [f"requested_extensions.{oid}" for oid in oids]


def test_requests_narrow_the_key_usage_where_they_may() -> None:
    """The certificate has what is asked for and given; asked for nothing that is given, there is none."""
    usages = {"bits": ["digital-signature", "key-agreement"], "requested": "narrow"}
    signing = RequestedExtension("2.5.29.15", critical=True, value=bytes.fromhex("03020780"))
    found = extensions(replace(SERVER, extensions=(signing,)), key_usage=usages).get_extension_for_class(x509.KeyUsage)
    assert (found.value.digital_signature, found.value.key_agreement) == (True, False)
    sealing = replace(signing, value=bytes.fromhex("03020520"))
    (mismatch,) = requested_mismatches(profile(key_usage=usages), (sealing,), "ec")
    assert mismatch.field == "key_usage.bits"


def test_names_of_the_issuer_need_the_issuer_to_have_some() -> None:
    """An empty extension would be malformed."""
    by = replace(issuer(), alternative_names=())
    assert "issuerAltName" not in names(extensions(by=by, authority={"alternative_names": True}))


def test_every_type_of_name_is_written() -> None:
    """As X.509 has it."""
    asked = (
        *dns("a.example"),
        AlternativeName(NameType.UPN, "a@b.example"),
        AlternativeName(NameType.REGISTERED_ID, "1.2.3"),
    )
    found = extensions(facts(asked), names={"dns": {}, "upn": {}, "registered_id": {"permitted": ["1.2"]}})
    san = found.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [type(name) for name in san] == [x509.DNSName, x509.OtherName, x509.RegisteredID]
