"""Making our own certificate authorities: roots, subordinates, and their end."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import cast

from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes

from emca_daemon.ca.audit import event_by, refusal_by
from emca_daemon.ca.authorities import Authorities
from emca_daemon.ca.cycle import IssuanceCycle, NoCompanion, Signatory
from emca_daemon.ca.enrollment import Enrollment, with_uses
from emca_daemon.ca.ports import Keys, Store, Writing
from emca_daemon.ca.records import CertificateRecord, IssuerRecord, IssuerState, RevocationReason
from emca_daemon.ca.revocation import KEY_IS_KNOWN, Revoking
from emca_daemon.ca.specimen_keys import specimen_facts
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, KeyName, ProfileName, SerialNumber, Subject
from emca_daemon.policy.decision import decide
from emca_daemon.policy.facts import KeyFacts, Requester, RequestFacts
from emca_daemon.policy.keys import key_facts, key_fingerprint
from emca_daemon.policy.profile import Profile
from emca_daemon.policy.tokens import Approved, AwaitsApproval

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
"""What names an issuer in settings, addresses and on the command line."""


@dataclass(frozen=True, slots=True)
class NewAuthority:
    """What a new certificate authority shall be; `subject` in encoding order.

    The key is made with `algorithm`, or taken as it is where that is empty; `pss` makes an RSA key sign with PSS.
    """

    name: IssuerName
    profile: ProfileName
    subject: Subject
    key: KeyName
    algorithm: str = ""
    pss: bool = False


class Hierarchy:
    """Makes and ends certificate authorities."""

    def __init__(
        self,
        *,
        store: Store,
        authorities: Authorities,
        keys: Keys,
        cycle: IssuanceCycle,
        enrollment: Enrollment,
        revoking: Revoking,
        clock: Clock,
    ) -> None:
        self._store = store
        self._authorities = authorities
        self._keys = keys
        self._cycle = cycle
        self._enrollment = enrollment
        self._revoking = revoking
        self._clock = clock

    def create_root(self, new: NewAuthority, requester: Requester) -> IssuerRecord:
        """A self-signed CA, through the same cycle as every certificate; raises Refused.

        Policy and linters decide before the key is made, so that a refusal leaves none behind; it is audited.
        """
        with self.refusals_audited("issuer.create", new.name, requester):
            profile = self.check_new(new)
            specimen = specimen_facts(new.algorithm)
            if specimen is not None:
                self._cycle.rehearse(*self._root(new, profile, specimen, requester))
            key = key_facts(public_key_for(self._keys, new))
            decision, signatory = self._root(new, profile, key, requester)
            adding = _AddIssuer(lambda record: self._record(new, record, (), None), requester, self._clock)
            self._cycle.carry_out(self._cycle.prepare(decision, signatory), signatory, adding)
        return adding.added

    def create_sub(self, new: NewAuthority, parent: IssuerName, requester: Requester) -> IssuerRecord:
        """A CA whose certificate one of our own issuers signs; raises Refused, before a key is made and audited."""
        with self.refusals_audited("issuer.create", new.name, requester):
            self.check_new(new)
            if not requester.identity:
                raise Refused(Reason.INTERNAL, "a CA was asked to wait for the person who makes it")
            chain = self._authorities.get(parent).record.chain
            specimen = specimen_facts(new.algorithm)
            if specimen is not None:
                facts = RequestFacts(requester, new.subject, (), specimen)
                self._enrollment.rehearse(facts, new.profile, issuer=parent, approver=requester.identity)
            facts = RequestFacts(requester, new.subject, (), key_facts(public_key_for(self._keys, new)))
            adding = _AddIssuer(lambda record: self._record(new, record, chain, parent), requester, self._clock)
            self._enrollment.enroll(facts, new.profile, issuer=parent, approver=requester.identity, companion=adding)
        return adding.added

    def revoke(self, name: IssuerName, reason: RevocationReason, requester: Requester) -> IssuerRecord:
        """End a CA: it signs no certificate any more, and its parent's CRL lists it.

        Where the parent is not ours only our own use of it ends. The parent may have been revoked before. Raises
        Refused; refusals are audited.
        """
        with self.refusals_audited("issuer.revoke", name, requester):
            authority = self._authorities.find(name)
            if authority.record.state is IssuerState.REVOKED:
                raise Refused(Reason.WRONG_STATE, f"the issuer `{name}` is revoked already")
        record = replace(authority.record, state=IssuerState.REVOKED)
        listed_by = name if authority.self_signed else record.parent
        if listed_by is None:
            with self._store.writing() as tx:
                tx.issuers.update(record)
                if reason in KEY_IS_KNOWN:
                    tx.certificates.block_key(key_fingerprint(authority.public_key), self._clock())
                event = event_by(requester, self._clock(), "issuer.revoke", name, reason=reason.name.lower())
                tx.audit.append(event)
        else:
            serial = SerialNumber(authority.certificate.serial_number)
            self._revoking.revoke(listed_by, serial, reason, requester, key_proved=True)
        return record

    def check_new(self, new: NewAuthority) -> Profile:
        """The profile of a CA that could be made now.

        Raises Refused(MALFORMED) for a name unfit for addresses, Refused(WRONG_STATE) for one that is taken,
        Refused(NOT_FOUND) and Refused(PROFILE_REFUSED) for a profile that does not exist or makes no CA.
        """
        if not _NAME.fullmatch(new.name):
            raise Refused(
                Reason.MALFORMED, "an issuer's name has 1 to 63 letters, digits, dots, `_` and `-`, no sign first"
            )
        with self._store.reading() as tx:
            if tx.issuers.get(new.name) is not None:
                raise Refused(Reason.WRONG_STATE, f"there is an issuer `{new.name}` already")
        profile = self._enrollment.profile(new.profile)
        if not profile.is_authority:
            raise Refused(Reason.PROFILE_REFUSED, f"the profile `{profile.name}` is not for certificate authorities")
        return profile

    @contextmanager
    def refusals_audited(self, action: str, name: IssuerName, requester: Requester) -> Iterator[None]:
        """Leave an event of every refusal inside of the block."""
        try:
            yield
        except Refused as refusal:
            with self._store.writing() as tx:
                tx.audit.append(refusal_by(requester, self._clock(), action, name[:4096], refusal))
            raise

    def _root(
        self, new: NewAuthority, profile: Profile, key: KeyFacts, requester: Requester
    ) -> tuple[Approved, Signatory]:
        with self._store.reading() as tx:
            uses = tx.certificates.key_uses(key.fingerprint, requester.identity)
        facts = with_uses(RequestFacts(requester, new.subject, (), key), uses)
        decision = decide(facts, profile, None, self._clock(), approver=requester.identity)
        if isinstance(decision, AwaitsApproval):
            raise Refused(Reason.INTERNAL, "a root was asked to wait for the person who makes it")
        public_key = cast(CertificateIssuerPublicKeyTypes, key.public_key)
        return decision, Signatory(new.name, decision.subject, public_key, new.key, new.pss)

    def _record(
        self, new: NewAuthority, record: CertificateRecord, above: tuple[bytes, ...], parent: IssuerName | None
    ) -> IssuerRecord:
        return IssuerRecord(
            name=new.name,
            key=new.key,
            subject=record.intent.subject,
            profile=new.profile,
            state=IssuerState.ACTIVE,
            chain=(record.der or b"", *above),
            created=self._clock(),
            parent=parent,
            pss=new.pss,
        )


def public_key_for(keys: Keys, new: NewAuthority) -> CertificateIssuerPublicKeyTypes:
    """The public half of the new CA's key, made now or taken as it is."""
    key = keys.generate(new.key, new.algorithm) if new.algorithm else keys.get(new.key)
    return key.public_key()


class _AddIssuer(NoCompanion):
    """Adds the issuer in the transaction that records its certificate."""

    added: IssuerRecord

    def __init__(self, make: Callable[[CertificateRecord], IssuerRecord], requester: Requester, clock: Clock) -> None:
        self._make = make
        self._requester = requester
        self._clock = clock

    def issued(self, tx: Writing, record: CertificateRecord) -> None:
        self.added = self._make(record)
        tx.issuers.add(self.added)
        tx.audit.append(event_by(self._requester, self._clock(), "issuer.create", self.added.name))
