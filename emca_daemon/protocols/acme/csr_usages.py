"""Key usage and extended key usage in the words of CSR templates (RFC 9115 4, RFC 5280 4.2.1.3, 4.2.1.12)."""

from collections.abc import Iterable

from emca_daemon.asn1.ber import element
from emca_daemon.asn1.values import object_identifier, sequence_parts
from emca_daemon.policy.facts import RequestedExtension

KEY_USAGE = "2.5.29.15"
EXTENDED_KEY_USAGE = "2.5.29.37"

USAGES = (
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
)
"""By their bits."""

PURPOSES = {
    "serverAuth": "1.3.6.1.5.5.7.3.1",
    "clientAuth": "1.3.6.1.5.5.7.3.2",
    "codeSigning": "1.3.6.1.5.5.7.3.3",
    "emailProtection": "1.3.6.1.5.5.7.3.4",
    "timeStamping": "1.3.6.1.5.5.7.3.8",
    "OCSPSigning": "1.3.6.1.5.5.7.3.9",
}
"""The purposes that have a name; templates write all others as dotted OIDs."""

_BY_OID = {oid: name for name, oid in PURPOSES.items()}


def usages(extensions: Iterable[RequestedExtension]) -> frozenset[str] | None:
    """The usages asked for, None without the extension; raises Refused(MALFORMED)."""
    for extension in extensions:
        if extension.oid == KEY_USAGE:
            bits = element(extension.value).content[1:]
            flags = "".join(f"{octet:08b}" for octet in bits)
            return frozenset(word for word, flag in zip(USAGES, flags, strict=False) if flag == "1")
    return None


def purposes(extensions: Iterable[RequestedExtension]) -> frozenset[str] | None:
    """The purposes asked for, None without the extension; raises Refused(MALFORMED)."""
    for extension in extensions:
        if extension.oid == EXTENDED_KEY_USAGE:
            found = [object_identifier(one) for one in sequence_parts(extension.value, "ExtKeyUsageSyntax")]
            return frozenset(_BY_OID.get(oid, oid) for oid in found)
    return None
