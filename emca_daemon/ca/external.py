"""Certificate authorities that come from outside: a CSR out and a certificate in, or a whole PKCS #12 file."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, mldsa, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from emca_daemon.asn1.names import subject_to_name
from emca_daemon.ca.audit import event_by
from emca_daemon.ca.chains import issued_directly, ordered_chain
from emca_daemon.ca.hierarchy import Hierarchy, NewAuthority, public_key_for
from emca_daemon.ca.ports import Keys, Store, Writing
from emca_daemon.ca.records import Intent, IssuerRecord, IssuerState
from emca_daemon.ca.signatures import hash_of, rsa_padding
from emca_daemon.ca.specimen_keys import specimen_facts
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, SerialNumber
from emca_daemon.policy.facts import KeyFacts, Requester, RequestFacts
from emca_daemon.policy.key_rules import key_mismatches
from emca_daemon.policy.keys import key_facts
from emca_daemon.policy.profile import Profile

_IssuerKey = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
    | mldsa.MLDSA44PrivateKey
    | mldsa.MLDSA65PrivateKey
    | mldsa.MLDSA87PrivateKey
)


class ExternalAuthorities:
    """Brings in certificate authorities that others signed or made."""

    def __init__(self, *, store: Store, keys: Keys, hierarchy: Hierarchy, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._hierarchy = hierarchy
        self._clock = clock

    def request(self, new: NewAuthority, requester: Requester) -> IssuerRecord:
        """Make the key and a PKCS #10 request for a CA elsewhere to sign; the issuer waits for its certificate.

        Raises Refused, before a key is made and audited.
        """
        with self._hierarchy.refusals_audited("issuer.request", new.name, requester):
            profile = self._hierarchy.check_new(new)
            specimen = specimen_facts(new.algorithm)
            if specimen is not None:
                _check_key(profile, specimen, requester)
            return self._request(new, requester)

    def _request(self, new: NewAuthority, requester: Requester) -> IssuerRecord:
        subject = subject_to_name(new.subject)
        public_key = public_key_for(self._keys, new)
        key = self._keys.get(new.key)
        if isinstance(key, dsa.DSAPrivateKey):
            raise Refused(Reason.KEY_REFUSED, "a DSA key cannot be an issuer's")
        padding = rsa_padding(new.pss) if isinstance(key, rsa.RSAPrivateKey) else None
        builder = x509.CertificateSigningRequestBuilder(subject).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        csr = builder.sign(key, hash_of(public_key), rsa_padding=padding)
        record = IssuerRecord(
            name=new.name,
            key=new.key,
            subject=subject.rfc4514_string(),
            profile=new.profile,
            state=IssuerState.WAITING,
            chain=(),
            created=self._clock(),
            pss=new.pss,
            csr=csr.public_bytes(Encoding.DER),
        )
        with self._store.writing() as tx:
            tx.issuers.add(record)
            tx.audit.append(event_by(requester, self._clock(), "issuer.request", record.name))
        return record

    def bring_in(
        self, name: IssuerName, certificates: Sequence[x509.Certificate], requester: Requester
    ) -> IssuerRecord:
        """Give a waiting issuer its certificate and the chain above it; also renews an active external issuer's.

        Raises Refused; refusals are audited.
        """
        with self._hierarchy.refusals_audited("issuer.import", name, requester):
            return self._bring_in(name, certificates, requester)

    def _bring_in(
        self, name: IssuerName, certificates: Sequence[x509.Certificate], requester: Requester
    ) -> IssuerRecord:
        with self._store.reading() as tx:
            record = tx.issuers.get(name)
        if record is None:
            raise Refused(Reason.NOT_FOUND, f"there is no issuer `{name}`")
        if record.state is IssuerState.REVOKED:
            raise Refused(Reason.WRONG_STATE, f"the issuer `{name}` is revoked")
        chain = ordered_chain(certificates, self._keys.get(record.key).public_key())
        subject = chain[0].subject.rfc4514_string()
        if subject != record.subject:
            raise Refused(Reason.NAME_REFUSED, f"the certificate is for `{subject}`, the issuer is `{record.subject}`")
        parent, above = self._family(name, chain)
        active = replace(record, state=IssuerState.ACTIVE, parent=parent, chain=_encoded(chain) + above, csr=None)
        with self._store.writing() as tx:
            tx.issuers.update(active)
            self._note(tx, active, chain[0], requester)
        return active

    def bring_in_pkcs12(
        self, new: NewAuthority, pkcs12_der: bytes, passphrase: bytes | None, requester: Requester
    ) -> IssuerRecord:
        """Take over a CA with its key from a PKCS #12 file; name, profile and key place come from `new`."""
        with self._hierarchy.refusals_audited("issuer.import", new.name, requester):
            self._hierarchy.check_new(new)
            return self._bring_in_pkcs12(new, pkcs12_der, passphrase, requester)

    def _bring_in_pkcs12(
        self, new: NewAuthority, pkcs12_der: bytes, passphrase: bytes | None, requester: Requester
    ) -> IssuerRecord:
        try:
            key, certificate, others = pkcs12.load_key_and_certificates(pkcs12_der, passphrase)
        except ValueError:
            raise Refused(Reason.MALFORMED, "not a PKCS #12 file, or the passphrase is wrong") from None
        if key is None or certificate is None:
            raise Refused(Reason.MALFORMED, "the PKCS #12 file lacks the key or the certificate")
        if not isinstance(key, _IssuerKey):
            raise Refused(Reason.KEY_REFUSED, "a key of this kind cannot be an issuer's")
        chain = ordered_chain([certificate, *others], key.public_key())
        parent, above = self._family(new.name, chain)
        self._keys.import_key(new.key, key)
        record = IssuerRecord(
            name=new.name,
            key=new.key,
            subject=chain[0].subject.rfc4514_string(),
            profile=new.profile,
            state=IssuerState.ACTIVE,
            chain=_encoded(chain) + above,
            created=self._clock(),
            parent=parent,
            pss=new.pss,
        )
        with self._store.writing() as tx:
            tx.issuers.add(record)
            self._note(tx, record, chain[0], requester)
        return record

    def _family(
        self, name: IssuerName, chain: Sequence[x509.Certificate]
    ) -> tuple[IssuerName | None, tuple[bytes, ...]]:
        """The issuer of ours that signed a CA's certificate, if one did, and what the chain given lacks of its own.

        Raises Refused(WRONG_STATE) for a CA that is here under another name: its CRLs would contradict each other.
        """
        own = chain[0]
        parent: tuple[IssuerName | None, tuple[bytes, ...]] = None, ()
        with self._store.reading() as tx:
            others = [record for record in tx.issuers.all() if record.chain and record.name != name]
        for other in others:
            certificate = x509.load_der_x509_certificate(other.chain[0])
            if (certificate.subject, certificate.public_key()) == (own.subject, own.public_key()):
                raise Refused(Reason.WRONG_STATE, f"this CA is here already, as `{other.name}`")
            if issued_directly(own, certificate):
                parent = other.name, other.chain if len(chain) == 1 else ()
        return parent

    def _note(self, tx: Writing, record: IssuerRecord, certificate: x509.Certificate, requester: Requester) -> None:
        """Audit an import, and let whichever issuer of ours answers for the certificate know it."""
        now = self._clock()
        answers = record.name if certificate.issuer == certificate.subject else record.parent
        serial = SerialNumber(certificate.serial_number)
        if answers is not None and tx.certificates.find(answers, serial) is None:
            tx.certificates.adopt(_adopted(answers, record, certificate, requester, now), record.chain[0])
        tx.audit.append(event_by(requester, now, "issuer.import", record.name))


def _check_key(profile: Profile, key: KeyFacts, requester: Requester) -> None:
    """Raise Refused for a key that the profile would not certify."""
    mismatches = key_mismatches(profile.key, RequestFacts(requester, (), (), key))
    if mismatches:
        raise Refused(mismatches[0].reason, f"the key does not fit the profile {profile.name}", tuple(mismatches))


def _encoded(chain: Sequence[x509.Certificate]) -> tuple[bytes, ...]:
    return tuple(certificate.public_bytes(Encoding.DER) for certificate in chain)


def _adopted(
    issuer: IssuerName, record: IssuerRecord, certificate: x509.Certificate, requester: Requester, now: datetime
) -> Intent:
    return Intent(
        issuer=issuer,
        serial=SerialNumber(certificate.serial_number),
        profile=record.profile,
        protocol=requester.protocol,
        application=requester.application,
        requester=requester.identity,
        subject=record.subject,
        names=(),
        key_fingerprint=key_facts(certificate.public_key()).fingerprint,
        tbs_hash=sha256(certificate.tbs_certificate_bytes).digest(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        created=now,
    )
