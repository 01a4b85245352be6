"""A CA that is not ours."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID


def common_name(text: str) -> x509.Name:
    """A subject of one attribute."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Outside:
    """Signs CA certificates for others with a P-256 key."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = common_name("Outside Root")
        self.certificate = self.sign(self.name, self.key.public_key())

    def sign_request(self, csr: x509.CertificateSigningRequest) -> x509.Certificate:
        """A CA certificate for what the request names."""
        key = csr.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        return self.sign(csr.subject, key)

    def sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        *,
        ca: bool = True,
        path_length: int | None = None,
        days: int = 3650,
    ) -> x509.Certificate:
        """A certificate by this CA."""
        usage = x509.KeyUsage(False, False, False, False, False, ca, ca, False, False)
        return (
            x509.CertificateBuilder(self.name, subject, key, x509.random_serial_number())
            .not_valid_before(datetime(2026, 5, 1, tzinfo=UTC))
            .not_valid_after(datetime(2026, 5, 1, tzinfo=UTC) + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca, path_length), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .sign(self.key, SHA256())
        )
