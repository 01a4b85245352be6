"""Our certificate authorities, ready to be used: certificate, chain and key reference, read once and kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import mlkem, x448, x25519
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes

from emca_daemon.ca.ports import Reading, ReadingStore, Writing
from emca_daemon.ca.records import IssuerRecord, IssuerState
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, IssuerName, KeyName, ProfileName
from emca_daemon.policy.constraints import constraints_in
from emca_daemon.policy.facts import IssuerFacts
from emca_daemon.policy.issuers import not_after_of, path_length_of


@dataclass(frozen=True, slots=True)
class Publication:
    """How an issuer publishes: the addresses and names written into its certificates, and the rhythm of its CRLs.

    A CRL comes out every `crl_every`, holds for `crl_valid`, and follows a status change after `crl_after_change` at
    the latest. With `ocsp_profile` set, answers are signed by a delegated certificate whose keys are made at
    `ocsp_key`; else by the issuer's own key.
    """

    ocsp_urls: tuple[str, ...] = ()
    issuer_urls: tuple[str, ...] = ()
    crl_urls: tuple[str, ...] = ()
    alternative_names: tuple[AlternativeName, ...] = ()
    crl_every: timedelta = timedelta(hours=12)
    crl_valid: timedelta = timedelta(days=4)
    crl_after_change: timedelta = timedelta(seconds=60)
    ocsp_profile: ProfileName | None = None
    ocsp_key: KeyName | None = None


@dataclass(frozen=True, slots=True)
class Authority:
    """An issuer with its certificates parsed; `chain` starts with its own certificate and ends with the root."""

    record: IssuerRecord
    chain: tuple[x509.Certificate, ...]
    facts: IssuerFacts
    publication: Publication
    public_key: CertificateIssuerPublicKeyTypes = field(repr=False)

    @property
    def name(self) -> IssuerName:
        """Its label."""
        return self.record.name

    @property
    def certificate(self) -> x509.Certificate:
        """Its own certificate."""
        return self.chain[0]

    @property
    def self_signed(self) -> bool:
        """Whether it is a root."""
        return self.certificate.issuer == self.certificate.subject

    @property
    def key_identifier(self) -> bytes:
        """Its subject key identifier; computed from the key where the certificate has none (RFC 5280 4.2.1.2)."""
        try:
            return self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        except x509.ExtensionNotFound:
            return x509.SubjectKeyIdentifier.from_public_key(self.public_key).digest

    def chain_for_leaf(self, leaf: bytes) -> tuple[bytes, ...]:
        """What a server presents: the leaf, then every issuer's certificate but the root's."""
        return (leaf, *(der for der, parsed in zip(self.record.chain, self.chain, strict=True) if not _root(parsed)))


def _revoked_above(authority: Authority, known: Mapping[IssuerName, Authority]) -> IssuerName | None:
    for other in known.values():
        if other.record.state is IssuerState.REVOKED and other.record.chain[0] in authority.record.chain[1:]:
            return other.name
    return None


def _named(known: Mapping[IssuerName, Authority], name: IssuerName) -> Authority:
    try:
        return known[name]
    except KeyError:
        raise Refused(Reason.NOT_FOUND, f"there is no issuer `{name}` with a certificate") from None


def _root(certificate: x509.Certificate) -> bool:
    return certificate.issuer == certificate.subject


class Authorities:
    """Our issuers by name; read again whenever the store says that one has changed."""

    def __init__(self, store: ReadingStore, publication: Callable[[IssuerName], Publication]) -> None:
        self._store = store
        self._publication = publication
        self._last: tuple[int, Mapping[IssuerName, Authority]] = (-1, {})

    def find(self, name: IssuerName) -> Authority:
        """The issuer, whether it may sign or not; raises Refused(NOT_FOUND)."""
        return _named(self._refresh(None)[1], name)

    def get(self, name: IssuerName, tx: Reading | Writing | None = None) -> Authority:
        """The issuer, able to sign; raises Refused(NOT_FOUND), or Refused(WRONG_STATE) when it must not sign.

        With `tx` the question is asked in that transaction, so that no other process can revoke the issuer between
        the answer and the commit.
        """
        known = self._refresh(tx)[1]
        authority = _named(known, name)
        if authority.record.state is not IssuerState.ACTIVE:
            raise Refused(Reason.WRONG_STATE, f"the issuer `{name}` is {authority.record.state.value}")
        if (above := _revoked_above(authority, known)) is not None:
            raise Refused(Reason.WRONG_STATE, f"the issuer `{name}` is beneath `{above}`, which is revoked")
        return authority

    def may_sign(self, authority: Authority) -> bool:
        """Whether `get` would give it: it is active, and so is every CA of ours above it."""
        return authority.record.state is IssuerState.ACTIVE and _revoked_above(authority, self._last[1]) is None

    def known(self, tx: Reading | Writing | None = None) -> tuple[Authority, ...]:
        """Every issuer that has a certificate, revoked ones too: their CRLs and OCSP answers go on."""
        return tuple(self._refresh(tx)[1].values())

    def version(self) -> int:
        """The number that changes whenever an issuer does."""
        return self._refresh(None)[0]

    def _refresh(self, tx: Reading | Writing | None) -> tuple[int, Mapping[IssuerName, Authority]]:
        """Version and issuers as the transaction sees them: another thread may keep what it saw before, meanwhile."""
        if tx is None:
            with self._store.reading() as reading:
                return self._refresh(reading)
        last = self._last
        if (version := tx.issuers.version()) != last[0]:
            last = version, {record.name: self._load(record) for record in tx.issuers.all() if record.chain}
            self._last = last
        return last

    def _load(self, record: IssuerRecord) -> Authority:
        chain = tuple(x509.load_der_x509_certificate(der) for der in record.chain)
        publication = self._publication(record.name)
        return Authority(
            record=record,
            chain=chain,
            facts=IssuerFacts(
                name=record.name,
                certificate=chain[0],
                ocsp_urls=publication.ocsp_urls,
                issuer_urls=publication.issuer_urls,
                crl_urls=publication.crl_urls,
                alternative_names=publication.alternative_names,
                constraints_above=constraints_in(chain[1:]),
                path_length=path_length_of(chain),
                not_after=not_after_of(chain),
            ),
            publication=publication,
            public_key=signing_key_of(chain[0]),
        )


def signing_key_of(certificate: x509.Certificate) -> CertificateIssuerPublicKeyTypes:
    """The public key of a certificate whose key signs; raises Refused(KEY_REFUSED) for keys that only agree."""
    key = certificate.public_key()
    if isinstance(
        key, x25519.X25519PublicKey | x448.X448PublicKey | mlkem.MLKEM768PublicKey | mlkem.MLKEM1024PublicKey
    ):
        raise Refused(Reason.KEY_REFUSED, "this key cannot sign")
    return key
