"""pkilint in process."""

from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.name import _ASN1Type as StringType
from cryptography.x509.oid import ExtensionOID

from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.lint_pkilint import PkixLinter, ServerauthLinter
from emca_daemon.policy.tokens import CertificateKind
from tests.support.certificates import Draft, extension, key_usage, subject_name

PKIX = PkixLinter()
SERVERAUTH = ServerauthLinter()
DV = extension(x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("2.23.140.1.2.1"), None)]))


def encoded(draft: Draft) -> bytes:
    """The specimen in DER."""
    return draft.built().specimen.public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    "draft",
    [
        Draft(),
        Draft(subject=subject_name("*.example.com"), dns=("*.example.com",)),
        Draft(subject=subject_name("localhost"), dns=("localhost",)),
        Draft(subject=subject_name("x"), dns=(), general_names=[x509.UniformResourceIdentifier("spiffe://td/x")]),
        Draft(kind=CertificateKind.ROOT, subject=subject_name("Root")),
        Draft(
            kind=CertificateKind.ROOT,
            subject=subject_name("Root"),
            without=(ExtensionOID.AUTHORITY_KEY_IDENTIFIER,),
        ),
        Draft(without=(ExtensionOID.SUBJECT_KEY_IDENTIFIER,)),
        Draft(
            subject=x509.Name(
                [x509.NameAttribute(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), "x", StringType.IA5String)]
            )
        ),
    ],
)
def test_right_certificates_pass_the_pkix_validators(draft: Draft) -> None:
    """Wildcards, one-label hosts, other schemes, attributes of one's own as well; a violated SHOULD does not refuse."""
    assert PKIX.findings(encoded(draft)) == ()


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        (
            Draft(
                without=(ExtensionOID.KEY_USAGE,),
                extra=(extension(key_usage("key_encipherment"), critical=True),),
            ),
            "pkix.key_usage_value_prohibited_for_ec",
        ),
        (
            Draft(extra=(extension(x509.PolicyConstraints(0, None), critical=True),)),
            "pkix.end_entity_policy_constraints_extension_present",
        ),
        (Draft(subject=subject_name("x", email_address="a@example.com")), "pkix.subject_email_address_not_in_san"),
    ],
)
def test_a_violated_must_is_found(draft: Draft, code: str) -> None:
    """Each finding says where, what and why."""
    findings = PKIX.findings(encoded(draft))
    assert [finding.detail.partition(":")[0] for finding in findings] == [code]
    assert findings[0].field.startswith("certificate.tbsCertificate")
    assert findings[0].reason is Reason.PROFILE_REFUSED


def test_what_cannot_be_read_is_refused() -> None:
    """No certificate, no findings."""
    with pytest.raises(Refused) as refusal:
        PKIX.findings(b"nonsense")
    assert refusal.value.reason is Reason.PROFILE_REFUSED


@pytest.mark.parametrize("subject", [x509.Name([]), subject_name("www.example.com")])
def test_a_dv_certificate_passes_the_serverauth_validators(subject: x509.Name) -> None:
    """With a reserved policy and revocation information."""
    assert SERVERAUTH.findings(encoded(Draft(subject=subject, extra=(DV,)))) == ()


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        (Draft(), "cabf.serverauth.subscriber.certificate_policies_extension_absent"),
        (Draft(subject=x509.Name([]), dns=("host.internal",), extra=(DV,)), "cabf.internal_domain_name"),
        (
            Draft(subject=x509.Name([]), dns=(), general_names=[x509.IPAddress(ip_address("10.0.0.1"))], extra=(DV,)),
            "cabf.internal_ip_address",
        ),
    ],
)
def test_what_the_baseline_requirements_forbid_is_found(draft: Draft, code: str) -> None:
    """What is right for PKIX may be wrong on the public Internet."""
    assert PKIX.findings(encoded(draft)) == ()
    assert code in [finding.detail.partition(":")[0] for finding in SERVERAUTH.findings(encoded(draft))]
