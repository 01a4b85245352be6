"""The part of a profile that says which alternative names are certified, type by type."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from emca_daemon.names import NameType
from emca_daemon.policy import name_texts
from emca_daemon.policy.dns_names import DnsPattern, DnsPatterns, dns_name_problem
from emca_daemon.policy.patterns import DistinguishedName, IpNetwork, MailPattern, Oid
from emca_daemon.toml_reading import between, checked, not_empty

NOT_PERMITTED = "is not among the names that this profile permits"
EXCLUDED = "is among the names that this profile excludes"


class TypeRules(Protocol):
    """The rules for names of one type."""

    def problem(self, value: str) -> str | None:
        """What is wrong with a name; None where it may be certified."""


def _verdict(*, permitted: bool, excluded: bool) -> str | None:
    if not permitted:
        return NOT_PERMITTED
    return EXCLUDED if excluded else None


@dataclass(frozen=True, kw_only=True)
class DnsRules:
    """DNS names. Patterns: `*` any, `.example.com` all beneath, `example.com` that name."""

    permitted: tuple[DnsPattern, ...] = (DnsPattern("*"),)
    """A name must match one of these."""
    excluded: tuple[DnsPattern, ...] = ()
    """A name that stands for any match of these is refused."""
    wildcards: bool = False
    """Whether `*.example.com` may be certified."""
    single_label: bool = False
    """Whether names without a dot may be certified."""
    underscores: bool = False
    """Whether `_` may stand in labels (not a host name; some services want it)."""

    def problem(self, value: str) -> str | None:
        """What is wrong with a DNS name."""
        problem = dns_name_problem(
            value, wildcard=self.wildcards, underscores=self.underscores, single_label=self.single_label
        )
        return problem or _verdict(permitted=self.permitted_set.cover(value), excluded=self.excluded_set.touch(value))

    @cached_property
    def permitted_set(self) -> DnsPatterns:
        """The permitted patterns, ready to match."""
        return DnsPatterns(self.permitted)

    @cached_property
    def excluded_set(self) -> DnsPatterns:
        """The excluded patterns, ready to match."""
        return DnsPatterns(self.excluded)


@dataclass(frozen=True, slots=True, kw_only=True)
class IpRules:
    """IP addresses, version 4 and 6."""

    permitted: tuple[IpNetwork, ...] = (IpNetwork.parse("0.0.0.0/0"), IpNetwork.parse("::/0"))
    """An address must lie in one of these networks."""
    excluded: tuple[IpNetwork, ...] = ()
    """An address in one of these networks is refused."""

    def problem(self, value: str) -> str | None:
        """What is wrong with an IP address; one of version 4 inside version 6 is also excluded as the former."""
        address = name_texts.ip_address(value)
        if address is None:
            return "is not an IP address in canonical text (RFC 5952)"
        inner = address.ipv4_mapped if address.version == 6 else None
        return _verdict(
            permitted=any(network.covers(address) for network in self.permitted),
            excluded=any(network.covers(form) for network in self.excluded for form in (address, inner) if form),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRules:
    """Mailboxes: `user@example.com`, `example.com`, `.example.com` or `*`."""

    permitted: tuple[MailPattern, ...] = (MailPattern.parse("*"),)
    """An address must match one of these."""
    excluded: tuple[MailPattern, ...] = ()
    """An address that matches one of these is refused, however its letters are capitalized."""

    def problem(self, value: str) -> str | None:
        """What is wrong with a mailbox."""
        return name_texts.mail_problem(value) or self._verdict(value)

    def _verdict(self, value: str) -> str | None:
        return _verdict(
            permitted=any(pattern.covers(value) for pattern in self.permitted),
            excluded=any(pattern.touches(value) for pattern in self.excluded),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UpnRules(MailRules):
    """User principal names, with the same patterns as mailboxes."""

    def problem(self, value: str) -> str | None:
        """What is wrong with a user principal name."""
        return name_texts.upn_problem(value) or self._verdict(value)


@dataclass(frozen=True, kw_only=True)
class UriRules:
    """URIs, by scheme and by host."""

    schemes: tuple[str, ...] = ("https",)
    """The schemes allowed, in lower case."""
    permitted: tuple[DnsPattern, ...] = (DnsPattern("*"),)
    """The host must match one of these; a URI without a host needs `*` here."""
    excluded: tuple[DnsPattern, ...] = ()
    """A host that matches one of these is refused."""

    def problem(self, value: str) -> str | None:
        """What is wrong with a URI."""
        parts = name_texts.scheme_and_host(value)
        if parts is None:
            return "is not an absolute URI in ASCII (RFC 3986)"
        scheme, host = parts
        if scheme not in self.schemes:
            return f"has a scheme ({scheme}) that this profile does not allow"
        return _verdict(permitted=self.permitted_set.cover(host), excluded=self.excluded_set.touch(host))

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Schemes that no URI has."""
        if not self.schemes or any(scheme != scheme.lower() for scheme in self.schemes):
            yield "schemes", "expected schemes in lower case"

    @cached_property
    def permitted_set(self) -> DnsPatterns:
        """The permitted patterns, ready to match."""
        return DnsPatterns(self.permitted)

    @cached_property
    def excluded_set(self) -> DnsPatterns:
        """The excluded patterns, ready to match."""
        return DnsPatterns(self.excluded)


@dataclass(frozen=True, slots=True, kw_only=True)
class OidRules:
    """Registered ids."""

    permitted: tuple[Oid, ...] = field(metadata=checked(not_empty))
    """The identifier must be one of these, or lie beneath one."""
    excluded: tuple[Oid, ...] = ()
    """An identifier that is one of these, or lies beneath one, is refused."""

    def problem(self, value: str) -> str | None:
        """What is wrong with an object identifier."""
        if name_texts.oid(value) is None:
            return "is not an object identifier"
        return _verdict(
            permitted=any(oid.covers(value) for oid in self.permitted),
            excluded=any(oid.covers(value) for oid in self.excluded),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherRules(OidRules):
    """Other names, by their type."""

    def problem(self, value: str) -> str | None:
        """What is wrong with `OID:hex of the DER value`."""
        dotted, _, content = value.partition(":")
        if not name_texts.is_der_hex(content):
            return "is not an object identifier and a DER value"
        return OidRules.problem(self, dotted)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryRules:
    """Directory names, by subtree."""

    permitted: tuple[DistinguishedName, ...] = (DistinguishedName.parse(""),)
    """A name must lie in one of these subtrees (RFC 4514 text; empty text: every name)."""
    excluded: tuple[DistinguishedName, ...] = ()
    """A name in one of these subtrees is refused."""

    def problem(self, value: str) -> str | None:
        """What is wrong with a directory name."""
        name = name_texts.distinguished_name(value)
        if name is None:
            return "is not a distinguished name (RFC 4514)"
        return _verdict(
            permitted=any(subtree.covers(name.name) for subtree in self.permitted),
            excluded=any(subtree.covers(name.name) for subtree in self.excluded),
        )


@dataclass(frozen=True, kw_only=True)
class NameRules:
    """Subject alternative names. A type is allowed where its table stands; the extension is critical where the subject
    is empty (RFC 5280 4.2.1.6).
    """

    minimum: int = field(default=0, metadata=checked(between(0, 1000)))
    """How many names there must be."""
    maximum: int = field(default=100, metadata=checked(between(0, 1000)))
    """How many names there may be."""
    dns: DnsRules | None = None
    """DNS names."""
    ip: IpRules | None = None
    """IP addresses."""
    email: MailRules | None = None
    """Mailboxes (RFC 822 names)."""
    uri: UriRules | None = None
    """URIs."""
    upn: UpnRules | None = None
    """Microsoft user principal names."""
    registered_id: OidRules | None = None
    """Registered ids."""
    directory: DirectoryRules | None = None
    """Directory names."""
    other: OtherRules | None = None
    """Other names, by type."""

    @cached_property
    def by_type(self) -> Mapping[NameType, TypeRules]:
        """The rules of each type that the profile allows."""
        rules: dict[NameType, TypeRules | None] = {
            NameType.DNS: self.dns,
            NameType.IP: self.ip,
            NameType.EMAIL: self.email,
            NameType.URI: self.uri,
            NameType.UPN: self.upn,
            NameType.REGISTERED_ID: self.registered_id,
            NameType.DIRECTORY: self.directory,
            NameType.OTHER: self.other,
        }
        return {kind: rule for kind, rule in rules.items() if rule is not None}

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Bounds that no number of names satisfies."""
        if self.minimum > self.maximum:
            yield "minimum", "expected no more than maximum"
        if self.minimum and not self.by_type:
            yield "minimum", "expected at least one type of name (a table such as names.dns) where names are required"
