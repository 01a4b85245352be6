"""Manufacturers: foreign CAs that certify devices."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

NOW = datetime(2026, 6, 1, 13, tzinfo=UTC)
YEAR = timedelta(days=365)
SIGNS = x509.KeyUsage(False, False, False, False, False, True, True, False, False)


class Maker:
    """A manufacturer: a name and a key that certify."""

    def __init__(self, name: str, parent: "Maker | None" = None, **options: object) -> None:
        self.name = x509.Name.from_rfc4514_string(f"CN={name}")
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = (parent or self).certify(self.name, self.key, ca=True, **options)  # type: ignore[arg-type]

    def certify(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        *,
        ca: bool = False,
        length: int | None = None,
        usage: x509.KeyUsage | None = SIGNS,
        end: datetime = NOW + YEAR,
        critical: x509.ExtensionType | None = None,
    ) -> x509.Certificate:
        """A certificate by this maker."""
        builder = x509.CertificateBuilder(self.name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(NOW - YEAR).not_valid_after(end)
        builder = builder.add_extension(x509.BasicConstraints(ca, length), critical=True)
        if ca and usage is not None:
            builder = builder.add_extension(usage, critical=True)
        if critical is not None:
            builder = builder.add_extension(critical, critical=True)
        return builder.sign(self.key, hashes.SHA256())

    def device(self, critical: x509.ExtensionType | None = None) -> x509.Certificate:
        """A device's certificate."""
        name = x509.Name.from_rfc4514_string("CN=device,2.5.4.5=1")
        return self.certify(name, ec.generate_private_key(ec.SECP256R1()), critical=critical)

    def revoking(
        self, *certificates: x509.Certificate, signer: "Maker | None" = None
    ) -> x509.CertificateRevocationList:
        """A CRL with these."""
        builder = x509.CertificateRevocationListBuilder(self.name, NOW, NOW + YEAR)
        for one in certificates:
            entry = x509.RevokedCertificateBuilder(one.serial_number, NOW).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign((signer or self).key, hashes.SHA256())
