"""Our own invariants over certificates to be signed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from emca_daemon.asn1 import der
from emca_daemon.errors import Reason
from emca_daemon.names import AlternativeName, IssuerName, NameType, SerialNumber
from emca_daemon.policy.invariants import breaches
from emca_daemon.policy.lint_parts import TbsParts, take_apart
from emca_daemon.policy.tokens import CertificateKind, ToBeSigned
from tests.support.certificates import Draft, changed, extension, key_usage, new_key, subject_name

BUILT = Draft().built()
CA_NAME = subject_name("Demo CA", organization_name="Demo")


def found(to_be_signed: ToBeSigned, parts: TbsParts | None = None) -> list[str]:
    """The fields of the breaches."""
    mismatches = breaches(to_be_signed, parts or take_apart(to_be_signed.tbs))
    assert all(mismatch.reason is Reason.PROFILE_REFUSED for mismatch in mismatches)
    return [mismatch.field for mismatch in mismatches]


@pytest.mark.parametrize(
    "draft",
    [
        Draft(),
        Draft(subject=x509.Name([])),
        Draft(subject=subject_name("WWW.Example.com"), dns=("www.example.com", "*.example.com")),
        Draft(subject=subject_name("A Person"), dns=(), usages=(ExtendedKeyUsageOID.CLIENT_AUTH,)),
        Draft(subject=subject_name("A Thing"), dns=(), usages=()),
        Draft(kind=CertificateKind.ROOT, subject=CA_NAME),
        Draft(kind=CertificateKind.ROOT, subject=CA_NAME, without=(ExtensionOID.AUTHORITY_KEY_IDENTIFIER,)),
        Draft(kind=CertificateKind.SUB_CA, subject=CA_NAME),
        Draft(kind=CertificateKind.OCSP_SIGNER, usages=(ExtendedKeyUsageOID.OCSP_SIGNING,)),
        Draft(without=(ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.KEY_USAGE)),
        Draft(without=(ExtensionOID.SUBJECT_KEY_IDENTIFIER,)),
        Draft(not_before=datetime(2049, 6, 1, tzinfo=UTC), lifetime=timedelta(days=365)),
        Draft(serial=SerialNumber(1 << 63)),
        Draft(serial=SerialNumber((1 << 159) - 1)),
    ],
)
def test_a_sound_certificate_breaks_nothing(draft: Draft) -> None:
    """Certificates of every kind keep the invariants."""
    assert found(draft.built()) == []


def test_a_sound_time_stamper_breaks_nothing() -> None:
    """TimeStamping alone and critical."""
    purpose = extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    draft = Draft(kind=CertificateKind.TSA, subject=subject_name("TSA"), dns=(), usages=(), extra=(purpose,))
    assert found(draft.built()) == []


@pytest.mark.parametrize(
    ("approval", "field"),
    [
        ({"subject": subject_name("www.example.com", organization_name="Other")}, "subject"),
        ({"public_key": new_key().public_key()}, "public-key"),
        ({"not_before": datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC)}, "validity"),
        ({"not_after": datetime(2026, 8, 1, tzinfo=UTC)}, "validity"),
        ({"extensions": BUILT.approved.extensions[:-1]}, "extensions"),
        ({"extensions": BUILT.approved.extensions[::-1]}, "extensions"),
        ({"names": (AlternativeName(NameType.DNS, "other.example.com"),)}, "subject-alternative-name"),
        ({"kind": CertificateKind.SUB_CA}, "basic-constraints"),
        ({"kind": CertificateKind.TSA}, "extended-key-usage"),
        ({"issuer": None}, "issuer"),
    ],
)
def test_what_was_built_must_be_what_was_approved(approval: dict[str, object], field: str) -> None:
    """A certificate under another's approval."""
    assert field in found(changed(BUILT, **approval))


def test_a_flipped_critical_flag_is_not_as_approved() -> None:
    """Extensions are compared with their criticality."""
    first, *rest = BUILT.approved.extensions
    flipped = x509.Extension(first.oid, not first.critical, first.value)
    assert "extensions" in found(changed(BUILT, extensions=(flipped, *rest)))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda built: replace(built, specimen=Draft().built().specimen), "specimen"),
        (lambda built: replace(built, serial=SerialNumber(built.serial + 1)), "serial-number"),
        (lambda built: replace(built, algorithm=b"\x30\x00"), "signature-algorithm"),
    ],
)
def test_the_parts_of_a_built_certificate_belong_together(
    change: Callable[[ToBeSigned], ToBeSigned], field: str
) -> None:
    """Specimen, serial number and algorithm are those of the bytes to be signed."""
    assert found(change(BUILT)) == [field]


@pytest.mark.parametrize("serial", [1, (1 << 63) - 1, 1 << 159 - 96])
def test_a_short_serial_number_is_refused(serial: int) -> None:
    """64 bits at the least."""
    expected = [] if serial.bit_length() >= 64 else ["serial-number"]
    assert found(Draft(serial=SerialNumber(serial)).built()) == expected


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"version": b"\x01"}, "version"),
        ({"serial": b"\xff" * 20}, "serial-number"),
        ({"serial": b"\x00" + b"\xff" * 20}, "serial-number"),
        ({"issuer": b"\x30\x00"}, "issuer"),
        ({"extensions": take_apart(BUILT.tbs).extensions * 2}, "extensions"),
    ],
)
def test_the_frame_of_a_certificate_is_checked(parts: dict[str, object], field: str) -> None:
    """Version 3, a positive serial number, an issuer, no extension twice."""
    altered: TbsParts = replace(take_apart(BUILT.tbs), **parts)  # type: ignore[arg-type]
    assert field in found(BUILT, altered)


def test_times_have_the_encoding_of_their_year() -> None:
    """UTCTime up to 2049, GeneralizedTime from 2050 on, always in UTC."""
    parts = take_apart(BUILT.tbs)
    general = der.generalized_time(BUILT.approved.not_before)
    altered = replace(parts, not_before=replace(parts.not_before, whole=general))
    assert found(BUILT, altered) == ["validity"]
    local = replace(parts, not_after=replace(parts.not_after, content=b"260530120000+0200"))
    assert found(BUILT, local) == ["validity"]


def test_validity_is_a_period_of_whole_seconds() -> None:
    """It ends after it starts."""
    built = Draft(lifetime=timedelta(0)).built()
    assert found(built) == ["validity"]
    half = BUILT.approved.not_before.replace(microsecond=500_000)
    assert "validity" in found(changed(BUILT, not_before=half))


@pytest.mark.parametrize(
    ("draft", "fields"),
    [
        (Draft(subject=x509.Name([]), dns=()), ["subject"]),
        (Draft(kind=CertificateKind.SUB_CA, subject=x509.Name([])), ["subject", "subject"]),
        (
            Draft(
                subject=x509.Name([]),
                without=(ExtensionOID.SUBJECT_ALTERNATIVE_NAME,),
                extra=(extension(x509.SubjectAlternativeName([x509.DNSName("www.example.com")])),),
            ),
            ["subject"],
        ),
        (
            Draft(kind=CertificateKind.SUB_CA, subject=CA_NAME, without=(ExtensionOID.SUBJECT_KEY_IDENTIFIER,)),
            ["subject-key-identifier"],
        ),
        (
            Draft(
                without=(ExtensionOID.SUBJECT_KEY_IDENTIFIER,), extra=(extension(x509.SubjectKeyIdentifier(b"0" * 20)),)
            ),
            ["subject-key-identifier"],
        ),
        (Draft(without=(ExtensionOID.AUTHORITY_KEY_IDENTIFIER,)), ["authority-key-identifier"]),
        (
            Draft(
                without=(ExtensionOID.AUTHORITY_KEY_IDENTIFIER,),
                extra=(extension(x509.AuthorityKeyIdentifier(b"1" * 20, None, None), critical=True),),
            ),
            ["authority-key-identifier"],
        ),
        (
            Draft(
                kind=CertificateKind.ROOT,
                subject=CA_NAME,
                without=(ExtensionOID.AUTHORITY_KEY_IDENTIFIER,),
                extra=(extension(x509.AuthorityKeyIdentifier(b"1" * 20, None, None)),),
            ),
            ["authority-key-identifier"],
        ),
        (
            Draft(
                kind=CertificateKind.SUB_CA,
                subject=CA_NAME,
                without=(ExtensionOID.BASIC_CONSTRAINTS,),
                extra=(extension(x509.BasicConstraints(ca=True, path_length=None)),),
            ),
            ["basic-constraints"],
        ),
        (
            Draft(kind=CertificateKind.SUB_CA, subject=CA_NAME, without=(ExtensionOID.BASIC_CONSTRAINTS,)),
            ["basic-constraints"],
        ),
        (Draft(kind=CertificateKind.SUB_CA, subject=CA_NAME, without=(ExtensionOID.KEY_USAGE,)), ["key-usage"]),
        (
            Draft(
                without=(ExtensionOID.KEY_USAGE,),
                extra=(extension(key_usage("key_cert_sign"), critical=True),),
            ),
            ["key-usage"],
        ),
        (Draft(kind=CertificateKind.OCSP_SIGNER), ["extended-key-usage"]),
        (Draft(kind=CertificateKind.TSA, usages=()), ["extended-key-usage"]),
        (Draft(kind=CertificateKind.TSA, usages=(ExtendedKeyUsageOID.TIME_STAMPING,)), ["extended-key-usage"]),
        (Draft(subject=subject_name("other.example.com")), ["subject: other.example.com"]),
        (Draft(subject=subject_name("192.0.2.1")), ["subject: 192.0.2.1"]),
        (Draft(subject=x509.Name([]), dns=("bad name.example",)), ["subject-alternative-name: bad name.example"]),
        (
            Draft(extra=(extension(x509.IssuerAlternativeName([x509.DNSName("bad name")])),)),
            ["issuer-alternative-name: bad name"],
        ),
        (
            Draft(
                kind=CertificateKind.SUB_CA,
                subject=CA_NAME,
                extra=(extension(x509.NameConstraints([x509.DNSName("-a")], None), critical=True),),
            ),
            ["name-constraints: -a"],
        ),
        (
            Draft(
                extra=(
                    extension(
                        x509.CRLDistributionPoints(
                            [x509.DistributionPoint([x509.UniformResourceIdentifier("x:y")], None, None, None)]
                        )
                    ),
                )
            ),
            ["location: x:y"],
        ),
    ],
)
def test_each_breach_is_found(draft: Draft, fields: list[str]) -> None:
    """A certificate built as approved that does not hang together."""
    assert found(draft.built()) == fields


def test_a_sub_ca_is_signed_by_another() -> None:
    """Only a root has no issuer, and a root has none."""
    root = Draft(kind=CertificateKind.ROOT, subject=CA_NAME).built()
    assert found(changed(root, issuer=IssuerName("other"))) == ["issuer"]
