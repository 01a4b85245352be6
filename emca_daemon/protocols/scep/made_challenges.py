"""The policies by challenges that were made for somebody: one-time challenges, and those of registered devices."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, cast

from emca_daemon.asn1.attributes import COMMON_NAME
from emca_daemon.ca import ports as ca
from emca_daemon.ca.audit import event_by
from emca_daemon.ca.cycle import NoCompanion
from emca_daemon.ca.records import CertificateState, Intent, PendingRequest
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import serial_text
from emca_daemon.policy.facts import RequestFacts
from emca_daemon.protocols.scep.challenge_records import Challenge, Device, Use, digest_of
from emca_daemon.protocols.scep.challenges import Admission, Attempt, TellsNobody
from emca_daemon.protocols.scep.ports import Reading, ScepStore, Writing

SERIAL_NUMBER: Final = "2.5.4.5"
DEVICE_ID: Final = {"serial-number": ("serialNumber", SERIAL_NUMBER), "common-name": ("commonName", COMMON_NAME)}
"""Where a device's id stands in a subject, by the word of the settings."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A challenge that an attempt knows; `use` is what this very request used it for before, which came to nothing."""

    challenge: Challenge
    device: Device | None
    use: Use | None


class OneTimeChallenges(TellsNobody):
    """Challenges from `emca-daemon scep challenge create`, from the page and from the API."""

    proof = "one-time-challenge"

    def __init__(self, store: ScepStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def check(self, attempt: Attempt) -> Admission:
        """Whoever knows a challenge that can still be used, for what it was made for."""
        now = self._clock()
        with self._store.reading() as tx:
            found = _find(tx, attempt)
        if found is None or not self._fits(found):
            raise _refused("the challenge password is missing or wrong")
        _check_usable(found, now)
        _check_bounds(found.challenge, attempt.facts)
        identity = self._identity(found, attempt.facts)
        return Admission(self.proof, identity, companion=_Using(found, attempt, self._clock, self.proof))

    def _fits(self, found: _Found) -> bool:
        """Whether the challenge is of the kind that this policy is about."""
        return found.device is None

    def _identity(self, _found: _Found, _facts: RequestFacts) -> str:
        """The subject that the request names."""
        return ""


class DeviceChallenges(OneTimeChallenges):
    """Challenges of registered devices, whose requests must name them."""

    proof = "device-challenge"

    def __init__(self, store: ScepStore, clock: Clock, device_id: str) -> None:
        """`device_id` is a key of `DEVICE_ID`."""
        super().__init__(store, clock)
        self._attribute, self._oid = DEVICE_ID[device_id]

    def _fits(self, found: _Found) -> bool:
        return found.device is not None

    def _identity(self, found: _Found, facts: RequestFacts) -> str:
        """Manufacturer, model and id; raises Refused where the request is for another one."""
        assert found.device is not None
        if [one.value for one in facts.subject if one.oid == self._oid] != [found.device.device_id]:
            challenge = found.challenge.id
            raise _refused(
                f"the subject's {self._attribute} is not the id of the device that challenge {challenge} is for"
            )
        return found.device.identity


def _find(tx: Reading, attempt: Attempt) -> _Found | None:
    if not attempt.password:
        return None
    challenge = tx.scep_challenges.by_digest(attempt.endpoint, digest_of(attempt.password))
    if challenge is None or not challenge.is_secret(attempt.password):
        return None
    device = tx.scep_challenges.device(challenge.device) if challenge.device else None
    use = tx.scep_challenges.use(challenge.id, attempt.transaction)
    if use is not None and not _came_to_nothing(tx, use):
        raise _refused(f"the challenge {challenge.id} was used by this very request before")
    return _Found(challenge, device, use)


def _came_to_nothing(tx: Reading, use: Use) -> bool:
    """Whether no certificate was issued, and none can be, for it."""
    if use.pending:
        return tx.pending.get(use.pending) is None
    record = None if use.issuer is None or use.serial is None else tx.certificates.find(use.issuer, use.serial)
    return record is None or record.state is CertificateState.ABANDONED


def _check_usable(found: _Found, now: datetime) -> None:
    """A request that used it in time and got nothing for it may have it again, even after its end."""
    challenge = found.challenge
    if challenge.revoked is not None:
        raise _refused(f"the challenge {challenge.id} was revoked")
    if found.use is None and challenge.expires <= now:
        raise _refused(f"the challenge {challenge.id} expired at {challenge.expires:%Y-%m-%d %H:%M:%S} UTC")
    if found.use is None and challenge.used_up:
        raise _used_up(challenge)


def _check_bounds(challenge: Challenge, facts: RequestFacts) -> None:
    """Exactly the subject and names that it was made for."""
    if challenge.subject is not None and facts.subject != challenge.subject:
        raise _refused(f"the challenge {challenge.id} is for another subject than the one asked for")
    if challenge.names is not None and frozenset(facts.names) != challenge.names:
        raise _refused(f"the challenge {challenge.id} is for other alternative names than those asked for")


class _Using(NoCompanion):
    """Uses a challenge up in the transaction in which the CA writes down what it will sign, or lets wait."""

    def __init__(self, found: _Found, attempt: Attempt, clock: Clock, proof: str) -> None:
        self._found = found
        self._attempt = attempt
        self._clock = clock
        self._proof = proof

    def intended(self, tx: ca.Writing, intent: Intent) -> None:
        """Raise Refused where somebody else had the last use meanwhile."""
        self._take(tx, replace(self._use(), issuer=intent.issuer, serial=intent.serial))
        self._note(tx, "scep.challenge.use", intent.requester, serial=serial_text(intent.serial))

    def waiting(self, tx: ca.Writing, request: PendingRequest) -> None:
        """The same for a request that a person must look at, whatever they decide."""
        self._take(tx, replace(self._use(), pending=request.id))
        self._note(tx, "scep.challenge.use", request.requester, request=request.id)

    def abandoned(self, tx: ca.Writing, intent: Intent, refusal: Refused) -> None:
        """A signature that failed uses nothing up."""
        if cast(Writing, tx).scep_challenges.give_back(self._found.challenge.id, self._attempt.transaction):
            reason, serial = refusal.reason.value, serial_text(intent.serial)
            self._note(tx, "scep.challenge.return", intent.requester, serial=serial, reason=reason)

    def _use(self) -> Use:
        return Use(self._found.challenge.id, self._attempt.transaction, self._clock())

    def _take(self, tx: ca.Writing, use: Use) -> None:
        rows = cast(Writing, tx).scep_challenges
        before = self._found.use
        if not (rows.take(use) if before is None else rows.take_again(use, before)):
            raise _used_up(self._found.challenge)

    def _note(self, tx: ca.Writing, action: str, identity: str, **details: str) -> None:
        requester = replace(self._attempt.facts.requester, identity=identity, proof=self._proof)
        tx.audit.append(event_by(requester, self._clock(), action, self._found.challenge.id, **details))


def _used_up(challenge: Challenge) -> Refused:
    return _refused(f"the challenge {challenge.id} is used up")


def _refused(detail: str) -> Refused:
    return Refused(Reason.NOT_AUTHENTICATED, detail)
