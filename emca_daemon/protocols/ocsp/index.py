"""Which issuer a CertID means, and who signs its answers: found by the hashes of name and key, prepared once."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from emca_daemon.ca.ocsp_signers import OcspSigner
from emca_daemon.ca.signatures import algorithm_identifier
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName
from emca_daemon.protocols.ocsp.ports import Signers
from emca_daemon.protocols.ocsp.requests import HASHES, CertificateId

_PAUSE = timedelta(seconds=10)
"""The least time between two looks for newer signers."""

_Hashes = tuple[str, bytes, bytes]


@dataclass(frozen=True, slots=True)
class PreparedSigner:
    """A signer and all that stays the same between its answers.

    `key_hash` is SHA-1 over the public key (responderID by key), `algorithm` the AlgorithmIdentifier of its signatures,
    `certificate` the DER of its delegated certificate or None. Answers may be made from `not_before` and hold until
    `not_after` at the most. `archive_cutoff`: since when the issuer's expired certificates are answered for, which is
    for ever, since their records are kept. `mark` tells one signer's answers from another's.
    """

    signer: OcspSigner
    key_hash: bytes
    algorithm: bytes
    certificate: bytes | None
    not_before: datetime
    not_after: datetime
    archive_cutoff: datetime
    mark: bytes

    @property
    def issuer(self) -> IssuerName:
        """Whose certificates it answers for."""
        return self.signer.issuer


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What the index knows; replaced as a whole, so that threads see the old or the new."""

    version: int
    at: datetime
    signers: dict[_Hashes, PreparedSigner]


class SignerIndex:
    """Finds signers by CertID.

    A known CertID is answered from memory: name and key of an issuer do not change. The CA is asked when a CertID is
    not known and an issuer has changed since, and when a signer says that it is time to look for its successor.
    """

    def __init__(self, signers: Signers) -> None:
        self._signers = signers
        self._loaded = _Loaded(-1, datetime.min.replace(tzinfo=UTC), {})

    def find(self, wanted: CertificateId, now: datetime) -> PreparedSigner:
        """The signer for the issuer whose name and key both have those hashes.

        Raises Refused(NOT_FOUND) where the issuer is not ours, Refused(UNAVAILABLE) while it has no usable signer.
        """
        hashes = (wanted.hash, wanted.issuer_name_hash, wanted.issuer_key_hash)
        found = self._loaded.signers.get(hashes)
        if found is None:
            version = self._signers.version()
            if version != self._loaded.version:
                self._load(version, now)
            found = self._loaded.signers.get(hashes)
        elif now >= found.signer.not_after and now >= self._loaded.at + _PAUSE:
            found = self._look_again(hashes, found, now)
        if found is None:
            raise Refused(Reason.NOT_FOUND, "that issuer's certificates are not answered for here")
        if not found.not_before <= now < found.not_after:
            raise Refused(Reason.UNAVAILABLE, f"the OCSP signer of `{found.issuer}` is not valid now")
        return found

    def _load(self, version: int, now: datetime) -> None:
        signers: dict[_Hashes, PreparedSigner] = {}
        for signer in self._signers.all():
            prepared = _prepare(signer)
            signers.update((hashes, prepared) for hashes in _hashes_of(signer.issuer_certificate))
        self._loaded = _Loaded(version, now, signers)

    def _look_again(self, hashes: _Hashes, known: PreparedSigner, now: datetime) -> PreparedSigner | None:
        """The successor, or the known signer while nobody can be asked: its certificate may hold for long yet."""
        try:
            self._load(self._signers.version(), now)
        except Refused as refusal:
            if refusal.reason is not Reason.UNAVAILABLE:
                raise
            return known
        return self._loaded.signers.get(hashes)


def _prepare(signer: OcspSigner) -> PreparedSigner:
    own = signer.certificate or signer.issuer_certificate
    own_der = own.public_bytes(Encoding.DER)
    return PreparedSigner(
        signer=signer,
        key_hash=x509.SubjectKeyIdentifier.from_public_key(signer.public_key).digest,
        algorithm=algorithm_identifier(signer.public_key, signer.pss),
        certificate=None if signer.certificate is None else own_der,
        not_before=own.not_valid_before_utc,
        not_after=own.not_valid_after_utc,
        archive_cutoff=signer.issuer_certificate.not_valid_before_utc,
        mark=hashlib.sha256(own_der).digest()[:16],
    )


@asn1.sequence
class _SubjectPublicKeyInfo:
    algorithm: asn1.TLV
    subject_public_key: asn1.BitString


def _hashes_of(issuer: x509.Certificate) -> Iterator[_Hashes]:
    """Name hash and key hash of an issuer, by every algorithm that a CertID may use (RFC 6960 4.1.1)."""
    name = issuer.subject.public_bytes()
    info = issuer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    key = asn1.decode_der(_SubjectPublicKeyInfo, info).subject_public_key.as_bytes()
    for hash_name in HASHES.values():
        yield hash_name, hashlib.new(hash_name, name).digest(), hashlib.new(hash_name, key).digest()
