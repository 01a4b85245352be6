"""Delegations to ACME accounts, and CSRs that follow their templates or do not."""

import json
from collections.abc import Sequence
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from emca_daemon.protocols.acme.records import Delegation
from tests.support.acme_client import AcmeClient
from tests.support.acme_world import AcmeWorld
from tests.support.records import NOW

NAME = "cdn.example.com"
EC_KEY = {"PublicKeyType": "id-ecPublicKey", "namedCurve": "secp256r1", "SignatureType": "ecdsa-with-SHA256"}
RSA_KEY = {"PublicKeyType": "rsaEncryption", "PublicKeyLength": 2048, "SignatureType": "sha256WithRSAEncryption"}


def template(subject: dict[str, Any] | None = None, **extensions: Any) -> dict[str, Any]:
    """A template for NAME, with an EC or an RSA key."""
    document: dict[str, Any] = {"keyTypes": [EC_KEY, RSA_KEY]}
    if subject is not None:
        document["subject"] = subject
    document["extensions"] = {"subjectAltName": {"DNS": [NAME]}, **extensions}
    return document


def delegated(world: AcmeWorld, client: AcmeClient, document: dict[str, Any] | None = None, **changes: Any) -> str:
    """The address of a new delegation to a client's account."""
    assert client.kid is not None
    account_id = client.kid.rpartition("/")[2]
    one = Delegation(world.endpoint.new_id(), account_id, json.dumps(document or template()), NOW, **changes)
    with world.store.writing() as tx:
        tx.acme.add_delegation(one)
    return world.endpoint.delegation_url(one.id)


def csr(
    *names: str,
    subject: Sequence[tuple[x509.ObjectIdentifier, str]] = (),
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
    digest: hashes.SHA256 | hashes.SHA384 | None = None,
    more: Sequence[x509.ExtensionType] = (),
) -> bytes:
    """A CSR in DER for these DNS names."""
    name = x509.Name([x509.NameAttribute(oid, text) for oid, text in subject])
    builder = x509.CertificateSigningRequestBuilder(name)
    alternative = x509.SubjectAlternativeName(list(map(x509.DNSName, names)))
    for extension in (*[alternative] * bool(names), *more):
        builder = builder.add_extension(extension, critical=False)
    signed = builder.sign(key or ec.generate_private_key(ec.SECP256R1()), digest or hashes.SHA256())
    return signed.public_bytes(Encoding.DER)


SIGNING = x509.KeyUsage(True, *[False] * 8)
SERVER = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
