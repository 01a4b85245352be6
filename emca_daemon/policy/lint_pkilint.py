"""DigiCert's pkilint in process: what its validators find in a certificate.

Importing this module imports pkilint, which takes a third of a second; only `policy/lint.py` does, when first needed.
"""

from collections.abc import Callable, Iterable

from pkilint import finding_filter
from pkilint.document import Document
from pkilint.loader import RFC5280CertificateDocumentLoader
from pkilint.pkix import certificate, create_attribute_decoder, extension, name
from pkilint.pkix.certificate.certificate_extension import AuthorityKeyIdentifierPresenceValidator
from pkilint.pkix.general_name import DomainNameSyntaxValidator, UriSyntaxValidator
from pkilint.validation import ValidationFindingSeverity, ValidationResult, ValidatorContainer

from emca_daemon.errors import Mismatch, Reason, Refused

_REFUSING = (ValidationFindingSeverity.FATAL, ValidationFindingSeverity.ERROR)
"""A violated MUST refuses; a violated SHOULD (WARNING) and notices do not."""

_OURS = frozenset(
    {
        DomainNameSyntaxValidator.VALIDATION_NOT_PREFERRED_NAME_SYNTAX.code,
        UriSyntaxValidator.VALIDATION_INVALID_URI_SYNTAX.code,
        AuthorityKeyIdentifierPresenceValidator.VALIDATION_AKI_EXTENSION_NOT_PRESENT.code,
    }
)
"""Findings that `policy/invariants.py` makes instead, on every certificate.

pkilint knows no wildcards, one-label hosts, `spiffe:` or `urn:`, and it cannot see that a root with a throw-away
signature is self-signed.
"""


class PkixLinter:
    """The PKIX validators (RFC 5280 and its updates)."""

    def __init__(self) -> None:
        self._load = RFC5280CertificateDocumentLoader().load_der_document
        self._validators: ValidatorContainer = certificate.create_pkix_certificate_validator_container(
            [
                # Attributes of one's own may have any string type; pkilint would take them all for DirectoryStrings
                create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS, decode_unknown_as_directorystring=False),
                *certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS)[1:],
            ],
            [
                certificate.create_issuer_validator_container([]),
                certificate.create_validity_validator_container(),
                certificate.create_subject_validator_container([]),
                certificate.create_extensions_validator_container([]),
                certificate.create_spki_validator_container([]),
            ],
        )

    def findings(self, der: bytes) -> tuple[Mismatch, ...]:
        """What refuses the certificate."""
        return _refusing(self._validators.validate(_document(self._load, der).root))


class ServerauthLinter:
    """The validators of the CA/Browser Forum's TLS Baseline Requirements, which include those of PKIX."""

    def __init__(self) -> None:
        from pkilint.cabf import serverauth

        self._serverauth = serverauth
        self._load = RFC5280CertificateDocumentLoader().load_der_document
        self._validators: dict[object, ValidatorContainer] = {}

    def findings(self, der: bytes) -> tuple[Mismatch, ...]:
        """What refuses the certificate; which requirements apply is read from the certificate itself."""
        document = _document(self._load, der)
        kind = self._serverauth.determine_certificate_type(document)
        validators = self._validators.get(kind)
        if validators is None:
            validators = certificate.create_pkix_certificate_validator_container(
                self._serverauth.create_decoding_validators(), self._serverauth.create_validators(kind)
            )
            self._validators[kind] = validators
        filters = self._serverauth.create_serverauth_finding_filters(kind)
        results, _ = finding_filter.filter_results(filters, validators.validate(document.root))
        return _refusing(results)


def _document(load: Callable[[bytes, str], Document], der: bytes) -> Document:
    """The certificate as pkilint reads it."""
    try:
        return load(der, "certificate")
    except ValueError as error:
        raise Refused(Reason.PROFILE_REFUSED, f"the linter cannot read the certificate: {error}") from error


def _refusing(results: Iterable[ValidationResult]) -> tuple[Mismatch, ...]:
    """One mismatch for each finding that refuses: where it is, its code and what was said about it."""
    return tuple(
        Mismatch(str(result.node.path), _sentence(found.finding.code, found.message), Reason.PROFILE_REFUSED)
        for result in results
        for found in result.finding_descriptions
        if found.finding.severity in _REFUSING and found.finding.code not in _OURS
    )


def _sentence(code: str, message: str | None) -> str:
    """Code and message of a finding."""
    return f"{code}: {message}" if message else code
