"""The extensions of a certificate, whole and in order, from the profile, the request and the issuer (RFC 5280 4.2)."""

from collections.abc import Iterator, Sequence

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtensionOID

from emca_daemon.asn1.names import general_name
from emca_daemon.errors import Mismatch, Reason
from emca_daemon.names import AlternativeName
from emca_daemon.policy.facts import IssuerFacts, RequestedExtension, RequestFacts
from emca_daemon.policy.issuers import IssuerLimits, path_length
from emca_daemon.policy.patterns import is_one_der_value
from emca_daemon.policy.profile import Profile
from emca_daemon.policy.profile_extensions import RequestedExtensionRules
from emca_daemon.policy.usages import chosen_bits, key_usage, narrowing_mismatches, usage_mismatches

Extension = x509.Extension[x509.ExtensionType]


def requested_mismatches(profile: Profile, asked: Sequence[RequestedExtension], algorithm: str) -> list[Mismatch]:
    """What is wrong with the extensions that the request brings, `algorithm` being its key's.

    The alternative names are not looked at here.
    """
    rules = profile.requested_extensions
    mismatches = usage_mismatches(asked, algorithm) + narrowing_mismatches(profile.key_usage, asked, algorithm)
    copied = {oid.dotted for oid in rules.copy}
    seen: set[str] = set()
    for extension in asked:
        if extension.oid in seen:
            mismatches.append(_refusal(extension.oid, "is asked for twice"))
        seen.add(extension.oid)
        if extension.oid in copied:
            if len(extension.value) > rules.maximum_size or not is_one_der_value(extension.value):
                mismatches.append(_refusal(extension.oid, "is not one DER value of the size allowed"))
        elif rules.others == "refuse" and extension.oid != ExtensionOID.SUBJECT_ALTERNATIVE_NAME.dotted_string:
            mismatches.append(_refusal(extension.oid, "is an extension that must not be asked for"))
    return mismatches


def built_extensions(
    facts: RequestFacts,
    profile: Profile,
    names: Sequence[AlternativeName],
    issuer: tuple[IssuerFacts, IssuerLimits] | None,
    *,
    empty_subject: bool,
) -> tuple[Extension, ...]:
    """Every extension, in the order in which they stand in the certificate."""
    limits = issuer[1] if issuer is not None else None
    return (
        *_constraints_and_usages(profile, limits, facts),
        *_key_identifiers(facts, limits),
        *_alternative_names(names, critical=empty_subject),
        *(_issuer_addresses(profile, issuer[0]) if issuer is not None else ()),
        *_policies(profile),
        *(custom.extension for custom in profile.custom_extensions),
        *_copied(profile.requested_extensions, facts.extensions),
    )


def _refusal(oid: str, detail: str) -> Mismatch:
    return Mismatch(f"requested_extensions.{oid}", detail, Reason.PROFILE_REFUSED)


def _extension(value: x509.ExtensionType, *, critical: bool = False) -> Extension:
    return x509.Extension(value.oid, critical, value)


def _constraints_and_usages(profile: Profile, limits: IssuerLimits | None, facts: RequestFacts) -> Iterator[Extension]:
    rules = profile.basic_constraints
    if profile.is_authority:
        yield _extension(x509.BasicConstraints(ca=True, path_length=path_length(profile, limits)), critical=True)
    elif rules.end_entity:
        yield _extension(x509.BasicConstraints(ca=False, path_length=None), critical=rules.critical)
    usage = key_usage(chosen_bits(profile.key_usage, facts.extensions), facts.key.algorithm)
    if usage is not None:
        yield _extension(usage, critical=profile.key_usage.critical)
    if (purposes := profile.extended_key_usage.extension) is not None:
        yield purposes


def _key_identifiers(facts: RequestFacts, limits: IssuerLimits | None) -> Iterator[Extension]:
    own = x509.SubjectKeyIdentifier.from_public_key(facts.key.public_key)
    yield _extension(own)
    if limits is not None:
        yield _extension(limits.key_identifier)
    else:
        yield _extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own))


def _alternative_names(names: Sequence[AlternativeName], *, critical: bool) -> Iterator[Extension]:
    if names:
        yield _extension(x509.SubjectAlternativeName([general_name(name) for name in names]), critical=critical)


def _issuer_addresses(profile: Profile, issuer: IssuerFacts) -> Iterator[Extension]:
    rules = profile.authority
    if rules.alternative_names and issuer.alternative_names:
        yield _extension(x509.IssuerAlternativeName([general_name(name) for name in issuer.alternative_names]))
    ocsp = issuer.ocsp_urls if rules.ocsp else ()
    ca_issuers = issuer.issuer_urls if rules.ca_issuers else ()
    if ocsp or ca_issuers:
        methods = [(AuthorityInformationAccessOID.OCSP, url) for url in ocsp]
        methods += [(AuthorityInformationAccessOID.CA_ISSUERS, url) for url in ca_issuers]
        descriptions = [x509.AccessDescription(kind, x509.UniformResourceIdentifier(url)) for kind, url in methods]
        yield _extension(x509.AuthorityInformationAccess(descriptions))
    if rules.crl and issuer.crl_urls:
        addresses = [x509.UniformResourceIdentifier(url) for url in issuer.crl_urls]
        yield _extension(x509.CRLDistributionPoints([x509.DistributionPoint(addresses, None, None, None)]))


def _policies(profile: Profile) -> Iterator[Extension]:
    if profile.policies:
        yield _extension(x509.CertificatePolicies([policy.information for policy in profile.policies]))
    constraints = profile.name_constraints
    if constraints.permitted or constraints.excluded:
        yield _extension(
            x509.NameConstraints(
                [subtree.general_name for subtree in constraints.permitted] or None,
                [subtree.general_name for subtree in constraints.excluded] or None,
            ),
            critical=constraints.critical,
        )
    if profile.ocsp_no_check:
        yield _extension(x509.OCSPNoCheck())


def _copied(rules: RequestedExtensionRules, asked: Sequence[RequestedExtension]) -> Iterator[Extension]:
    if not rules.copy:
        return
    copied = {oid.dotted: oid.x509 for oid in rules.copy}
    for extension in asked:
        if (oid := copied.get(extension.oid)) is not None:
            yield x509.Extension(oid, extension.critical, x509.UnrecognizedExtension(oid, extension.value))
