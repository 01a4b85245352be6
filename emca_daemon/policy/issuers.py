"""What an issuer's own certificate, and those above it, allow it to issue (RFC 5280 4.2.1.3, 4.2.1.9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from emca_daemon.errors import Mismatch, Reason
from emca_daemon.policy.profile import Profile
from emca_daemon.policy.tokens import CertificateKind


@dataclass(frozen=True, slots=True)
class IssuerLimits:
    """The limits of an issuer; `not_after` is also that of each certificate above, `path_length` None without any."""

    not_before: datetime
    not_after: datetime
    is_authority: bool
    signs_certificates: bool
    path_length: int | None
    name_constraints: x509.NameConstraints | None
    key_identifier: x509.AuthorityKeyIdentifier

    @classmethod
    def of(
        cls,
        certificate: x509.Certificate,
        chain_path_length: int | None = None,
        chain_not_after: datetime | None = None,
    ) -> "IssuerLimits":
        """The limits that a certificate states; one without a key usage extension may sign anything.

        `path_length_of` and `not_after_of` its chain, where given, go before its own.
        """
        basic: x509.BasicConstraints | None = None
        usage: x509.KeyUsage | None = None
        names: x509.NameConstraints | None = None
        own_identifier: x509.SubjectKeyIdentifier | None = None
        for extension in certificate.extensions:
            match extension.value:
                case x509.BasicConstraints() as basic:
                    pass
                case x509.KeyUsage() as usage:
                    pass
                case x509.NameConstraints() as names:
                    pass
                case x509.SubjectKeyIdentifier() as own_identifier:
                    pass
        own_path_length = basic.path_length if basic is not None else None
        return cls(
            not_before=certificate.not_valid_before_utc,
            not_after=chain_not_after or certificate.not_valid_after_utc,
            is_authority=basic is not None and basic.ca,
            signs_certificates=usage is None or usage.key_cert_sign,
            path_length=own_path_length if chain_path_length is None else chain_path_length,
            name_constraints=names,
            key_identifier=_key_identifier(certificate, own_identifier),
        )


def path_length_of(chain: Sequence[x509.Certificate]) -> int | None:
    """How many CAs may stand beneath the first of a chain as every certificate in it has it; None for no limit.

    Self-issued certificates do not count (RFC 5280 6.1.4 l and m); a root's own limit does.
    """
    allowed: int | None = None
    for certificate in reversed(chain):
        if allowed is not None and certificate.issuer != certificate.subject:
            allowed -= 1
        stated = _stated_path_length(certificate)
        if stated is not None and (allowed is None or stated < allowed):
            allowed = stated
    return allowed


def not_after_of(chain: Sequence[x509.Certificate]) -> datetime:
    """Until when every certificate of a chain is valid; what the first one issues is of no use beyond."""
    return min(certificate.not_valid_after_utc for certificate in chain)


def issuer_mismatches(profile: Profile, limits: IssuerLimits | None, now: datetime) -> list[Mismatch]:
    """Why this issuer cannot issue what the profile describes."""
    if profile.kind is CertificateKind.ROOT:
        return [] if limits is None else [_refusal("issuer", "a root certificate has no issuer")]
    if limits is None:
        return [_refusal("issuer", "only a root certificate has no issuer")]
    mismatches = []
    if not limits.is_authority or not limits.signs_certificates:
        mismatches.append(_refusal("issuer", "the issuer's own certificate does not let it sign certificates"))
    if not limits.not_before <= now <= limits.not_after:
        mismatches.append(_refusal("issuer", "the issuer's own certificate, or one above it, is not valid now"))
    if profile.is_authority:
        mismatches += _path_length_mismatches(profile, limits)
    return mismatches


def path_length(profile: Profile, limits: IssuerLimits | None) -> int | None:
    """The path length of a CA's certificate: the profile's, else one less than its issuer's; None for no limit."""
    if profile.basic_constraints.path_length is not None or limits is None or limits.path_length is None:
        return profile.basic_constraints.path_length
    return limits.path_length - 1


def _path_length_mismatches(profile: Profile, limits: IssuerLimits) -> list[Mismatch]:
    if limits.path_length is None:
        return []
    if limits.path_length <= 0:
        detail = "the path length of the issuer, or of one above it, allows no CA beneath it"
        return [_refusal("basic_constraints", detail)]
    if (profile.basic_constraints.path_length or 0) >= limits.path_length:
        return [_refusal("basic_constraints.path_length", f"must be below what the chain allows, {limits.path_length}")]
    return []


def _stated_path_length(certificate: x509.Certificate) -> int | None:
    found = (extension.value for extension in certificate.extensions)
    return next((value.path_length for value in found if isinstance(value, x509.BasicConstraints)), None)


def _key_identifier(
    certificate: x509.Certificate, own_identifier: x509.SubjectKeyIdentifier | None
) -> x509.AuthorityKeyIdentifier:
    if own_identifier is None:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(certificate.public_key())  # type: ignore[arg-type]
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own_identifier)


def _refusal(field: str, detail: str) -> Mismatch:
    return Mismatch(field, detail, Reason.PROFILE_REFUSED)
