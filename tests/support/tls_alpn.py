"""Certificates as clients show them for tls-alpn-01."""

from datetime import timedelta
from hashlib import sha256
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from emca_daemon.clock import system_clock
from emca_daemon.protocols.acme.tls_alpn import ACME_IDENTIFIER


def shown(
    key_authorization: str, *names: str, critical: bool = True, value: bytes | None = None, identifier: bool = True
) -> tuple[bytes, bytes]:
    """A certificate in DER and its key in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ACME")])
    now = system_clock()
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(hours=1))
    if names:
        general = [x509.IPAddress(ip_address(n[3:])) if n.startswith("ip:") else x509.DNSName(n) for n in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=False)
    if identifier:
        digest = b"\x04\x20" + sha256(key_authorization.encode()).digest() if value is None else value
        builder = builder.add_extension(x509.UnrecognizedExtension(ACME_IDENTIFIER, digest), critical=critical)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER), pem
