"""From a message's protection to the one who sent it (RFC 9483 3.2, 3.3, 3.5)."""

from collections.abc import Sequence
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1.attributes import COMMON_NAME
from emca_daemon.asn1.cmp import Body, Header, Message
from emca_daemon.asn1.cmp_status import FailInfo
from emca_daemon.asn1.names import name_to_subject
from emca_daemon.asn1.signature_algorithms import is_signature, verify_signature
from emca_daemon.asn1.unreadable import UNREADABLE
from emca_daemon.asn1.values import Algorithm
from emca_daemon.ca.records import CertificateRecord
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import serial_text
from emca_daemon.protocols.cmp import kem, macs
from emca_daemon.protocols.cmp.attempts import Attempts
from emca_daemon.protocols.cmp.credentials import Credential, Kind
from emca_daemon.protocols.cmp.errors import Failure, WrongSecret
from emca_daemon.protocols.cmp.ports import Registration, Registry, SharedSecret, Store
from emca_daemon.protocols.cmp.records import Passphrase, Transaction
from emca_daemon.protocols.cmp.vendor_paths import VendorPaths
from emca_daemon.settings.cmp import CmpSettings

_CMC_RA = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.28")
_NO_SECRET = b"no secret"
_NOBODY = ""
"""What unknown references are counted under."""

_NOT_PROVED = "the protection of the message could not be verified"


def failure(info: FailInfo, detail: str) -> Failure:
    """A refusal of the message itself."""
    return Failure(info, detail, of_message=True)


class Authentication:
    """Proves who sent a message to one endpoint."""

    def __init__(
        self,
        *,
        endpoint: str,
        settings: CmpSettings,
        store: Store,
        registry: Registry,
        vendors: VendorPaths,
        clock: Clock,
    ) -> None:
        self._endpoint = endpoint
        self._settings = settings
        self._store = store
        self._registry = registry
        self._vendors = vendors
        self._clock = clock
        self._attempts = Attempts(settings.attempts, settings.lock, clock)

    def sender(self, message: Message, opened: Transaction | None) -> Credential:
        """The proved sender; `opened` is the transaction that the message goes on with. Raises Failure or Refused."""
        protection = message.header.protection_algorithm
        if protection is None or message.protection is None:
            raise failure(FailInfo.BAD_MESSAGE_CHECK, "the message is not protected")
        if macs.is_mac(protection.oid):
            return self._by_secret(message, protection, message.protection)
        if is_signature(protection.oid):
            return self._by_signature(message, protection, message.protection, opened)
        if protection.oid == kem.KEM_BASED_MAC:
            return self._by_encapsulated_key(message, protection, message.protection, opened)
        raise failure(FailInfo.BAD_ALG, f"protection by {protection.oid} is not known")

    def kem_holder(self, message: Message) -> Credential:
        """Whose certificate a message shows, which proves nothing of its sender yet; raises Failure or Refused."""
        certificates = _parsed(message.certificates)
        shown = self._signer(message.header, certificates, None)
        return self._trusted(shown, certificates, Algorithm(kem.KEM_BASED_MAC))

    def _by_encapsulated_key(
        self, message: Message, protection: Algorithm, mac: bytes, opened: Transaction | None
    ) -> Credential:
        """The holder of the certificate to which this transaction's secret was encapsulated."""
        identifier, now = message.header.transaction_id or b"", self._clock()
        with self._store.reading() as tx:
            kept = tx.cmp_kem_secrets.find(self._endpoint, identifier)
        secret = b"" if kept is None or kept.expires <= now else kept.secret
        right = kem.verify(protection, secret, identifier, message.protected, mac)
        if not right or kept is None or not secret:
            raise failure(FailInfo.BAD_MESSAGE_CHECK, _NOT_PROVED)
        certificate = x509.load_der_x509_certificate(kept.certificate)
        _check_sender(message.header, certificate, strict=self._settings.strict)
        if opened is not None and kept.expires < opened.expires:
            with self._store.writing() as changing:
                changing.cmp_kem_secrets.extend(kept, opened.expires)
        return self._trusted(certificate, _parsed(message.certificates), protection)

    def _by_secret(self, message: Message, protection: Algorithm, mac: bytes) -> Credential:
        reference = message.header.sender_kid
        if message.type is Body.RR and reference is not None:
            kept = self._passphrase(reference)
            if kept is not None:
                secret = SharedSecret(f"passphrase {reference.hex()}", kept.passphrase, Registration())
                self._prove(message, protection, mac, secret)
                key = f"passphrase:{reference.hex()}"
                return Credential(Kind.PASSPHRASE, key, kept.holder, protection, secret=secret)
        if "secret" not in self._settings.accept:
            raise failure(FailInfo.BAD_MESSAGE_CHECK, _NOT_PROVED)
        known = self._prove(message, protection, mac, self._registry.secret(reference) if reference else None)
        if self._settings.strict and _common_name(message.header) != known.reference:
            raise failure(FailInfo.BAD_MESSAGE_CHECK, "the sender's common name is not the reference value")
        return Credential(Kind.SECRET, f"secret:{known.reference}", known.reference, protection, secret=known)

    def _passphrase(self, identifier: bytes) -> Passphrase | None:
        with self._store.reading() as tx:
            return tx.cmp_passphrases.find(self._endpoint, identifier)

    def _prove(self, message: Message, protection: Algorithm, mac: bytes, known: SharedSecret | None) -> SharedSecret:
        """The secret, once the MAC was found to be by it; raises Failure, the same whatever was wrong."""
        name = known.reference if known is not None else _NOBODY
        if self._attempts.is_locked(name):
            raise failure(FailInfo.BAD_MESSAGE_CHECK, _NOT_PROVED)
        # Computed in any case: how long the answer takes does not tell whether there is such a reference.
        secret = known.secret if known is not None else _NO_SECRET
        right = macs.verify(protection, secret, message.protected, mac, self._settings.most_iterations)
        if known is None or not right:
            raise WrongSecret(_NOT_PROVED, name, self._attempts.failed(name))
        self._attempts.succeeded(name)
        return known

    def _by_signature(
        self, message: Message, protection: Algorithm, signature: bytes, opened: Transaction | None
    ) -> Credential:
        certificates = _parsed(message.certificates)
        signer = self._signer(message.header, certificates, opened)
        try:
            verify_signature(signer.public_key(), protection, signature, message.protected)
        except Refused as refusal:
            info = FailInfo.BAD_ALG if refusal.reason is Reason.ALGORITHM_REFUSED else FailInfo.BAD_MESSAGE_CHECK
            raise failure(info, refusal.detail) from refusal
        except (UnsupportedAlgorithm, ValueError) as error:
            raise failure(FailInfo.BAD_ALG, "the signer's key is of a kind that is not supported") from error
        _check_sender(message.header, signer, strict=self._settings.strict)
        _check_usage(signer)
        return self._trusted(signer, certificates, protection)

    def _signer(
        self, header: Header, certificates: Sequence[x509.Certificate], opened: Transaction | None
    ) -> x509.Certificate:
        """The certificate that the signature should be by: the first one, or in any order the one that is named."""
        if not certificates:
            if opened is not None and opened.signer is not None:
                return x509.load_der_x509_certificate(opened.signer)
            raise failure(FailInfo.BAD_MESSAGE_CHECK, "the signer's certificate is missing in extraCerts")
        return certificates[0] if self._settings.strict else _named_signer(header, certificates)

    def _trusted(
        self, signer: x509.Certificate, certificates: Sequence[x509.Certificate], protection: Algorithm
    ) -> Credential:
        record = self._own(signer)
        if record is not None:
            return self._own_credential(signer, record, protection)
        if "vendor" in self._settings.accept and self._is_of_vendor(signer, certificates):
            key, identity = f"vendor:{_fingerprint(signer).hex()}", signer.subject.rfc4514_string()
            return Credential(Kind.VENDOR, key, identity, protection, certificate=signer)
        raise failure(FailInfo.SIGNER_NOT_TRUSTED, "no certificate that is trusted here has issued the signer's")

    def _is_of_vendor(self, signer: x509.Certificate, certificates: Sequence[x509.Certificate]) -> bool:
        """Whether a path leads from the signer to a vendor's root, by certificates whose names can be read."""
        named = [one for one in certificates if _has_names(one)]
        return _has_names(signer) and self._vendors.leads_to_root(signer, named, self._clock())

    def _own(self, signer: x509.Certificate) -> CertificateRecord | None:
        """The record of a certificate of ours: the very same one, octet by octet."""
        with self._store.reading() as tx:
            return tx.certificates.find_by_fingerprint(_fingerprint(signer))

    def _own_credential(self, signer: x509.Certificate, record: CertificateRecord, protection: Algorithm) -> Credential:
        intent = record.intent
        if record.revocation is not None:
            raise failure(FailInfo.CERT_REVOKED, "the signer's certificate is revoked")
        if not intent.not_before <= self._clock() <= intent.not_after:
            raise failure(FailInfo.SIGNER_NOT_TRUSTED, "the signer's certificate is not valid now")
        ours = intent.issuer == self._settings.issuer
        kind = Kind.RA if ours and _is_ra(signer) else Kind.CERTIFICATE
        way = "ra" if kind is Kind.RA else "certificate"
        if way not in self._settings.accept:
            raise failure(FailInfo.NOT_AUTHORIZED, "holders of such certificates are not listened to here")
        # Who has a certificate of somebody goes on as that one, whatever the certificates before and after are called.
        identity = intent.requester if kind is Kind.CERTIFICATE else signer.subject.rfc4514_string()
        key = f"certificate:{intent.issuer}/{serial_text(intent.serial)}"
        return Credential(kind, key, identity, protection, certificate=signer, record=record)


def _parsed(certificates: Sequence[bytes]) -> list[x509.Certificate]:
    """Those that are X.509 certificates; the first one must be."""
    parsed = []
    for place, der in enumerate(certificates):
        try:
            parsed.append(x509.load_der_x509_certificate(der))
        except UNREADABLE:
            if place == 0:
                raise failure(FailInfo.BAD_MESSAGE_CHECK, "the first of extraCerts is no certificate") from None
    return parsed


def _has_names(certificate: x509.Certificate) -> bool:
    """Whether its names can be read, which shows only when they are asked for and costs as much as all the rest."""
    try:
        _ = certificate.subject, certificate.issuer
    except UNREADABLE:
        return False
    return True


def is_signed_as_shown(message: Message) -> bool:
    """Whether a signature is by the key in the certificate beside it, whoever that is; True where there is none."""
    protection, signature = message.header.protection_algorithm, message.protection
    if protection is None or signature is None or not is_signature(protection.oid) or not message.certificates:
        return True
    try:
        signer = _named_signer(message.header, _parsed(message.certificates))
        verify_signature(signer.public_key(), protection, signature, message.protected)
    except (Refused, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _named_signer(header: Header, certificates: Sequence[x509.Certificate]) -> x509.Certificate:
    """The one that senderKID names, or else the first."""
    if header.sender_kid is None:
        return certificates[0]
    matching = (one for one in certificates if _key_identifier(one) == header.sender_kid)
    return next(matching, certificates[0])


def _fingerprint(certificate: x509.Certificate) -> bytes:
    return sha256(certificate.public_bytes(Encoding.DER)).digest()


def _key_identifier(certificate: x509.Certificate) -> bytes | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except (x509.ExtensionNotFound, *UNREADABLE):
        return None


def _check_sender(header: Header, signer: x509.Certificate, *, strict: bool) -> None:
    try:
        subject = name_to_subject(signer.subject)
    except UNREADABLE:
        subject = None
    if header.sender_name is None or header.sender_name != subject:
        raise failure(FailInfo.BAD_MESSAGE_CHECK, "the sender is not the subject of the signer's certificate")
    identifier = _key_identifier(signer)
    if identifier is not None and header.sender_kid != identifier and (strict or header.sender_kid is not None):
        raise failure(FailInfo.BAD_MESSAGE_CHECK, "senderKID is not the key identifier of the signer's certificate")


def _check_usage(signer: x509.Certificate) -> None:
    try:
        usage = signer.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    except UNREADABLE:
        raise failure(FailInfo.SIGNER_NOT_TRUSTED, "the signer's certificate cannot be read") from None
    if not usage.digital_signature:
        raise failure(FailInfo.SIGNER_NOT_TRUSTED, "the signer's certificate is not for signatures")


def _is_ra(signer: x509.Certificate) -> bool:
    try:
        return _CMC_RA in signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, *UNREADABLE):
        return False


def _common_name(header: Header) -> str | None:
    subject = header.sender_name or ()
    return next((attribute.value for attribute in subject if attribute.oid == COMMON_NAME), None)
