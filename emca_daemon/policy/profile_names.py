"""The parts of a profile that say what a certificate may call its holder: subject and alternative names."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from emca_daemon.asn1.attributes import COMMON_NAME
from emca_daemon.names import NameType
from emca_daemon.policy.dns_names import DnsPattern, DnsPatterns
from emca_daemon.policy.patterns import AttributeName, DistinguishedName, IpNetwork, MailPattern, Oid, TextPattern
from emca_daemon.toml_reading import between, checked, not_empty


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeRule:
    """One attribute of the subject; the order of the rules is the order in the certificate."""

    type: AttributeName
    """The attribute: a name (`organizationName`) or a dotted OID."""
    use: Literal["required", "optional", "fixed", "forbidden"] = "optional"
    """Whether the requester must, may or must not give it; `fixed`: the profile's `value` is written, always."""
    value: str | None = None
    """The text of a `fixed` attribute; what the requester gave instead is refused."""
    pattern: TextPattern | None = None
    """A regular expression that the whole value must match."""
    string_type: Literal["automatic", "utf8", "printable", "ia5"] = "automatic"
    """The ASN.1 string type; `automatic`: what X.520 gives the attribute, else UTF8String."""
    maximum: int = field(default=1, metadata=checked(between(1, 16)))
    """How many values the requester may give."""


@dataclass(frozen=True, kw_only=True)
class SubjectRules:
    """The subject: which attributes, in which order."""

    common_name: Literal["as-requested", "first-dns-name", "none"] = "as-requested"
    """Where the common name comes from.

    `as-requested`: an attribute like the others; `first-dns-name`: the one asked for if it is among the names, else
    the first DNS name, left out where it is longer than 64 characters, never an IP address; `none`: never written.
    With the last two, a common name asked for must be among the names.
    """
    unlisted: Literal["refuse", "drop"] = "refuse"
    """What happens to attributes that no rule is for."""
    attributes: tuple[AttributeRule, ...] = ()
    """One rule an attribute type (several only where all are `fixed`)."""

    @cached_property
    def by_oid(self) -> dict[str, AttributeRule]:
        """The rules by the attribute's OID."""
        return {rule.type.oid: rule for rule in self.attributes}

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Rules that cannot hold together."""
        seen: dict[str, AttributeRule] = {}
        for place, rule in enumerate(self.attributes):
            key = f"attributes[{place}]"
            if (rule.use == "fixed") != (rule.value is not None):
                yield f"{key}.value", 'expected a value where use = "fixed", and only there'
            before = seen.setdefault(rule.type.oid, rule)
            if before is not rule and (before.use != "fixed" or rule.use != "fixed"):
                yield f"{key}.type", f"expected one rule for {rule.type}, or none but fixed ones"
            if rule.type.oid == COMMON_NAME and self.common_name != "as-requested":
                yield f"{key}.type", f'expected no rule for commonName where common_name = "{self.common_name}"'


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


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRules:
    """Mailboxes or user principal names: `user@example.com`, `example.com`, `.example.com` or `*`."""

    permitted: tuple[MailPattern, ...] = (MailPattern.parse("*"),)
    """An address must match one of these."""
    excluded: tuple[MailPattern, ...] = ()
    """An address that matches one of these is refused."""


@dataclass(frozen=True, kw_only=True)
class UriRules:
    """URIs, by scheme and by host."""

    schemes: tuple[str, ...] = ("https",)
    """The schemes allowed, in lower case."""
    permitted: tuple[DnsPattern, ...] = (DnsPattern("*"),)
    """The host must match one of these; a URI without a host needs `*` here."""
    excluded: tuple[DnsPattern, ...] = ()
    """A host that matches one of these is refused."""

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
    """Registered ids, or the types of other names."""

    permitted: tuple[Oid, ...] = field(metadata=checked(not_empty))
    """The identifier must be one of these, or lie beneath one."""
    excluded: tuple[Oid, ...] = ()
    """An identifier that is one of these, or lies beneath one, is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryRules:
    """Directory names, by subtree."""

    permitted: tuple[DistinguishedName, ...] = (DistinguishedName.parse(""),)
    """A name must lie in one of these subtrees (RFC 4514 text; empty text: every name)."""
    excluded: tuple[DistinguishedName, ...] = ()
    """A name in one of these subtrees is refused."""


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
    upn: MailRules | None = None
    """Microsoft user principal names."""
    registered_id: OidRules | None = None
    """Registered ids."""
    directory: DirectoryRules | None = None
    """Directory names."""
    other: OidRules | None = None
    """Other names, by type."""

    @cached_property
    def allowed(self) -> frozenset[NameType]:
        """The types that the profile has rules for."""
        rules = {
            NameType.DNS: self.dns,
            NameType.IP: self.ip,
            NameType.EMAIL: self.email,
            NameType.URI: self.uri,
            NameType.UPN: self.upn,
            NameType.REGISTERED_ID: self.registered_id,
            NameType.DIRECTORY: self.directory,
            NameType.OTHER: self.other,
        }
        return frozenset(kind for kind, rule in rules.items() if rule is not None)

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Bounds that no number of names satisfies."""
        if self.minimum > self.maximum:
            yield "minimum", "expected no more than maximum"
        if self.minimum and not self.allowed:
            yield "minimum", "expected at least one type of name (a table such as names.dns) where names are required"
