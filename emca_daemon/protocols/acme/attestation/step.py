"""`step`: security keys that certify their own keys (YubiKey PIV), as the `step` command sends it."""

from cryptography import x509

from emca_daemon.asn1 import ber
from emca_daemon.asn1.cbor import read_cbor
from emca_daemon.errors import Refused
from emca_daemon.protocols.acme.attestation.paths import extension_octets, public_key
from emca_daemon.protocols.acme.attestation.signatures import check_signature
from emca_daemon.protocols.acme.attestation.statements import Asked, Attested, Statement, bad_statement

YUBICO_SERIAL_NUMBER = "1.3.6.1.4.1.41482.3.7"


def step(statement: Statement, leaf: x509.Certificate, asked: Asked) -> Attested:
    """The serial number of the security key; the attested key itself signs the key authorization.

    The signature in `sig` is wrapped in CBOR once more.
    """
    try:
        signature = read_cbor(statement.octets("sig"))
    except Refused:
        signature = None
    if not isinstance(signature, bytes):
        raise bad_statement("the attestation's `sig` is not octets in CBOR")
    key = public_key(leaf)
    check_signature(key, signature, asked.key_authorization.encode())
    return Attested(key, _serials(leaf))


def _serials(leaf: x509.Certificate) -> frozenset[str]:
    encoded = extension_octets(leaf, YUBICO_SERIAL_NUMBER)
    if encoded is None:
        return frozenset()
    try:
        value = ber.element(encoded)
    except Refused:
        value = None
    if value is None or value.tag != 0x02 or not 0 < len(value.content) <= 16:
        raise bad_statement("the serial number in the attestation is not an INTEGER")
    return frozenset({str(int.from_bytes(value.content, signed=True))})
