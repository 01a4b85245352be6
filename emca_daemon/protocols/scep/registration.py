"""Who signs and decrypts for the CA: its registration authority, or the CA itself (RFC 8894 2.1.2)."""

from collections.abc import Callable, Sequence

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from emca_daemon.asn1.cms_signing import SigningIdentity
from emca_daemon.ca.authorities import Authority
from emca_daemon.ca.ports import Keys
from emca_daemon.ca.ra_certificates import RaCertificates
from emca_daemon.errors import Reason, Refused


class RaRegistration:
    """One RA certificate or two: the first of the plan signs, the last is what clients encrypt to.

    `own` is the CA itself where it opens what clients encrypt to it nevertheless, as PyScep does.
    """

    def __init__(self, registration: RaCertificates, own: "OwnRegistration | None" = None) -> None:
        self._registration = registration
        self._own = own

    def certificates(self) -> Sequence[x509.Certificate]:
        """The current ones."""
        return [one.certificate for one in self._registration.current()]

    def identity(self) -> SigningIdentity:
        """The one that signs."""
        one = self._registration.current()[0]
        return SigningIdentity(one.certificate, self._registration.private_key(one))

    def decryptors(self, *, fresh: bool) -> Sequence[x509.Certificate]:
        """Those that have not ended: clients go on with what GetCACert told them."""
        own = [] if self._own is None else self._own.decryptors(fresh=fresh)
        return [*own, *(one.certificate for one in self._registration.every(fresh=fresh))]

    def decryption_key(self, certificate: x509.Certificate) -> PrivateKeyTypes:
        """The key to one of them."""
        for one in self._registration.every():
            if one.certificate == certificate:
                return self._registration.private_key(one)
        if self._own is not None and certificate in self._own.decryptors(fresh=False):
            return self._own.decryption_key(certificate)
        raise Refused(Reason.NOT_FOUND, "there is no such RA certificate")


class OwnRegistration:
    """The CA itself, with an RSA key that decrypts: in a token, one that was made for it."""

    def __init__(self, authority: Callable[[], Authority], keys: Keys) -> None:
        self._authority = authority
        self._keys = keys

    def certificates(self) -> Sequence[x509.Certificate]:
        """None beside the CA's own."""
        return []

    def identity(self) -> SigningIdentity:
        """The CA; clients from before RFC 8894 know no PSS."""
        authority = self._authority()
        return SigningIdentity(authority.certificate, self._keys.get(authority.record.key))

    def decryptors(self, *, fresh: bool) -> Sequence[x509.Certificate]:  # noqa: ARG002 - nothing is renewed behind it
        """The CA's certificate."""
        return [self._authority().certificate]

    def decryption_key(self, _certificate: x509.Certificate) -> PrivateKeyTypes:
        """The CA's key; raises Refused(ALGORITHM_REFUSED) for one that decrypts nothing."""
        key = self._keys.get(self._authority().record.key)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise Refused(Reason.ALGORITHM_REFUSED, "the CA's key decrypts nothing: an RA is needed")
        return key
