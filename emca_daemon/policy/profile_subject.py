"""The part of a profile that says what the subject of a certificate holds."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from cryptography.x509.name import _ASN1Type as StringType

from emca_daemon.asn1.attributes import COMMON_NAME, attribute_type
from emca_daemon.policy.patterns import AttributeName, TextPattern
from emca_daemon.toml_reading import between, checked

_PRINTABLE = re.compile(r"[A-Za-z0-9 '()+,./:=?-]*")
_STRING_TYPES = {
    "utf8": StringType.UTF8String,
    "printable": StringType.PrintableString,
    "ia5": StringType.IA5String,
}
_CHARACTERS: dict[StringType, Callable[[str], bool]] = {
    StringType.UTF8String: str.isprintable,
    StringType.PrintableString: lambda value: _PRINTABLE.fullmatch(value) is not None,
    StringType.IA5String: str.isascii,
}


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

    @property
    def encoding(self) -> StringType:
        """The ASN.1 string type to write."""
        return _STRING_TYPES.get(self.string_type) or attribute_type(self.type.oid).string_type

    def problem(self, value: str) -> str | None:
        """What is wrong with a value; None where it may be certified."""
        kind = attribute_type(self.type.oid)
        if not kind.minimum <= len(value) <= kind.maximum:
            return f"must have {kind.minimum} to {kind.maximum} characters"
        if not value.isprintable() or value != value.strip():
            return "must hold printable characters, and no spaces at its ends"
        if not _CHARACTERS[self.encoding](value):
            return f"holds characters that {self.encoding.name} cannot"
        if self.pattern is not None and not self.pattern.covers(value):
            return "does not match the pattern of this profile"
        return None

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """A value where there must be none, none where there must be one, or one that could not be written."""
        if (self.use == "fixed") != (self.value is not None):
            yield "value", 'expected a value where use = "fixed", and only there'
        elif self.value is not None and (problem := self.problem(self.value)):
            yield "value", f"it {problem}"


@dataclass(frozen=True, kw_only=True)
class SubjectRules:
    """The subject: which attributes, in which order."""

    order: Literal["profile", "as-requested"] = "profile"
    """How attributes are arranged.

    `profile`: in the order of the rules, one a relative name, the common name last where it comes from the names;
    `as-requested`: as the requester arranged them, several in one relative name included, where none is added or left
    out (else as with `profile`).
    """

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

    @cached_property
    def fixed_values(self) -> dict[str, frozenset[str]]:
        """The values that are written in any case, by the attribute's OID."""
        return {
            oid: frozenset(rule.value for rule in self.attributes if rule.type.oid == oid and rule.value is not None)
            for oid in self.by_oid
        }

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Rules that cannot hold together."""
        seen: dict[str, AttributeRule] = {}
        for place, rule in enumerate(self.attributes):
            key = f"attributes[{place}]"
            before = seen.setdefault(rule.type.oid, rule)
            if before is not rule and (before.use != "fixed" or rule.use != "fixed"):
                yield f"{key}.type", f"expected one rule for {rule.type}, or none but fixed ones"
            if rule.type.oid == COMMON_NAME and self.common_name != "as-requested":
                yield f"{key}.type", f'expected no rule for commonName where common_name = "{self.common_name}"'
