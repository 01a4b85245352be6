"""Values that profiles are written with: OIDs, networks, mail patterns, regular expressions, DER."""

import ipaddress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from cryptography import x509

from emca_daemon.asn1.attributes import BY_NAME, attribute_type
from emca_daemon.policy.dns_names import DnsPattern, DnsPatterns

if TYPE_CHECKING:
    import cel

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Oid:
    """A dotted object identifier."""

    dotted: str

    @classmethod
    def parse(cls, text: str) -> "Oid":
        """From dotted text; raises ValueError."""
        try:
            return cls(x509.ObjectIdentifier(text).dotted_string)
        except ValueError as error:
            raise ValueError('an object identifier such as "1.3.6.1.5.5.7.1.24"') from error

    def covers(self, dotted: str) -> bool:
        """Whether `dotted` is this identifier or lies beneath it."""
        return dotted == self.dotted or dotted.startswith(self.dotted + ".")

    @property
    def x509(self) -> x509.ObjectIdentifier:
        """The identifier as cryptography takes it."""
        return x509.ObjectIdentifier(self.dotted)


@dataclass(frozen=True, slots=True)
class AttributeName:
    """The type of a subject attribute, from its name (`commonName`) or its dotted OID."""

    oid: str

    @classmethod
    def parse(cls, text: str) -> "AttributeName":
        """From a name in any case, or a dotted OID; raises ValueError."""
        if kind := BY_NAME.get(text.lower()):
            return cls(kind.oid)
        try:
            return cls(Oid.parse(text).dotted)
        except ValueError as error:
            raise ValueError('an attribute name such as "organizationName", or a dotted OID') from error

    def __str__(self) -> str:
        """The name of the type, or its OID."""
        return attribute_type(self.oid).name


@dataclass(frozen=True, slots=True)
class IpNetwork:
    """A network of IP addresses."""

    network: ipaddress.IPv4Network | ipaddress.IPv6Network

    @classmethod
    def parse(cls, text: str) -> "IpNetwork":
        """From `10.0.0.0/8`, `2001:db8::/32` or a single address; raises ValueError."""
        try:
            return cls(ipaddress.ip_network(text))
        except ValueError as error:
            raise ValueError('a network such as "10.0.0.0/8" or "2001:db8::/32"') from error

    def covers(self, address: IpAddress) -> bool:
        """Whether the address lies in the network."""
        return address in self.network


@dataclass(frozen=True, slots=True)
class MailPattern:
    """A pattern for mailboxes and UPNs: one address, or a DNS pattern for the part behind the `@`."""

    address: str
    domains: DnsPatterns

    @classmethod
    def parse(cls, text: str) -> "MailPattern":
        """From `user@example.com`, `example.com`, `.example.com` or `*`; raises ValueError."""
        local, at, domain = text.rpartition("@")
        try:
            pattern = DnsPattern.parse(domain)
        except ValueError:
            pattern = None
        if pattern is None or (at and (not local or domain.startswith((".", "*")))):
            raise ValueError('a mail pattern: "user@example.com", "example.com", ".example.com" or "*"')
        if at:
            return cls(f"{local}@{pattern.text}", DnsPatterns(()))
        return cls("", DnsPatterns((pattern,)))

    def covers(self, address: str) -> bool:
        """Whether a mailbox, its domain in lower case, matches."""
        return address == self.address or self.domains.cover(address.rpartition("@")[2])

    def touches(self, address: str) -> bool:
        """Whether a mailbox matches for somebody who does not tell capital letters, as most mail servers do not."""
        return address.lower() == self.address.lower() or self.covers(address)


@dataclass(frozen=True, slots=True)
class TextPattern:
    """A regular expression that a whole value must match.

    In RE2's syntax, as rules in CEL have it: no look-around and no back references, and so no value, which strangers
    choose, can make a match take very long.
    """

    text: str

    @classmethod
    def parse(cls, text: str) -> "TextPattern":
        """From the expression; raises ValueError."""
        pattern = cls(text)
        try:
            pattern.covers("")
        except (ValueError, RuntimeError) as error:
            what = str(error).partition(". Check function")[0].rpartition("error: ")[2]
            raise ValueError(f"a regular expression in the syntax of RE2 ({what})") from error
        return pattern

    def covers(self, value: str) -> bool:
        """Whether the whole value matches."""
        return _matching().execute({"value": value, "pattern": f"^(?:{self.text})$"}) is True


@cache
def _matching() -> "cel.Program":
    import cel  # here: most profiles have no expressions, and its own command line makes it large

    return cel.compile("value.matches(pattern)")


@dataclass(frozen=True, slots=True)
class DistinguishedName:
    """A directory name, for instance the top of a permitted subtree."""

    name: x509.Name

    @classmethod
    def parse(cls, text: str) -> "DistinguishedName":
        """From RFC 4514 text (`O=Example,C=DE`, the most specific first); raises ValueError."""
        try:
            name = x509.Name.from_rfc4514_string(text)
        except ValueError as error:
            raise ValueError('a distinguished name such as "OU=Staff,O=Example,C=DE"') from error
        return cls(name)

    def covers(self, name: x509.Name) -> bool:
        """Whether this name is the beginning of the other (RFC 5280 4.2.1.10), case and spaces aside (7.1)."""
        return _comparable(name)[: len(self.name.rdns)] == _comparable(self.name)


def _comparable(name: x509.Name) -> list[frozenset[tuple[str, str | bytes]]]:
    return [
        frozenset(
            (one.oid.dotted_string, " ".join(one.value.casefold().split()) if isinstance(one.value, str) else one.value)
            for one in rdn
        )
        for rdn in name.rdns
    ]


@dataclass(frozen=True, slots=True)
class DerValue:
    """One whole DER value."""

    der: bytes

    @classmethod
    def parse(cls, text: str) -> "DerValue":
        """From hexadecimal text; raises ValueError."""
        try:
            value = bytes.fromhex(text)
        except ValueError as error:
            raise ValueError("hexadecimal text") from error
        if not is_one_der_value(value):
            raise ValueError("one whole DER value in hexadecimal")
        return cls(value)


def is_one_der_value(value: bytes) -> bool:
    """Whether the octets are a tag, the shortest form of a length, and exactly as many octets (X.690 10.1)."""
    if len(value) < 2 or value[0] & 0x1F == 0x1F or value[0] == 0:
        return False
    first = value[1]
    if first < 0x80:
        return len(value) == 2 + first
    octets = first & 0x7F
    size = int.from_bytes(value[2 : 2 + octets])
    shortest = 0 < octets <= 4 and size >= 0x80 and value[2:3] != b"\0"
    return shortest and len(value) == 2 + octets + size
