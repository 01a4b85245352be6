"""Making challenges and registering devices: what the command line, the page and the API do alike, all audited."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from emca_daemon.ca.audit import event_by
from emca_daemon.clock import Clock
from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.facts import Requester
from emca_daemon.protocols.scep.challenge_records import Challenge, Device, digest_of
from emca_daemon.protocols.scep.ports import ScepStore, Writing
from emca_daemon.protocols.scep.terms import Terms
from emca_daemon.randomness import RandomBytes

SECRET_OCTETS: Final = 16
LONGEST_TEXT: Final = 255
LONGEST_DEVICE_ID: Final = 64
"""What a common name and a serial number in a subject hold."""
LONGEST_LIFETIME: Final = timedelta(days=3660)
MOST_USES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Made:
    """A new challenge and its secret, which is shown once and kept nowhere."""

    challenge: Challenge
    secret: str = field(repr=False)


class Provisioning:
    """Challenges and devices of one endpoint."""

    def __init__(
        self, endpoint: str, lifetime: timedelta, *, store: ScepStore, clock: Clock, random: RandomBytes
    ) -> None:
        """`lifetime` is how long a challenge can be used unless its terms say otherwise."""
        self.endpoint = endpoint
        self._lifetime = lifetime
        self._store = store
        self._clock = clock
        self._random = random

    def make(
        self, terms: Terms, by: Requester, *, source: str, octets: int = SECRET_OCTETS, outstanding: int | None = None
    ) -> Made:
        """A challenge for whoever is told; raises Refused(MALFORMED) for terms out of bounds.

        `outstanding` is how many of this source may wait to be used; raises Refused(RATE_LIMITED) beyond.
        """
        now = self._clock()
        made = self._made(terms, by, source, now, octets=octets)
        with self._store.writing() as tx:
            self._keep(tx, made, by, now)
            # Counted behind the audit chain's lock, so that two at once do not both find the last place.
            if outstanding is not None and tx.scep_challenges.outstanding(self.endpoint, source, now) > outstanding:
                raise Refused(Reason.RATE_LIMITED, f"{outstanding} challenges wait to be used already")
        return made

    def register(
        self, manufacturer: str, model: str, device_id: str, terms: Terms, by: Requester
    ) -> tuple[Device, Made]:
        """A device and the challenge for it.

        Raises Refused: MALFORMED for texts or terms out of bounds, WRONG_STATE where it is registered already.
        """
        now = self._clock()
        _check_text("manufacturer", manufacturer)
        _check_text("model", model)
        _check_text("device id", device_id, most=LONGEST_DEVICE_ID)
        device = Device(
            self._id(now), self.endpoint, manufacturer, model, device_id, by.identity[:LONGEST_TEXT], now, terms.note
        )
        made = self._made(terms, by, "device", now, device=device.id)
        with self._store.writing() as tx:
            if not tx.scep_challenges.add_device(device):
                raise Refused(Reason.WRONG_STATE, f"the device {device.identity} is registered already")
            tx.audit.append(event_by(by, now, "scep.device.register", device.id, **self._about(device)))
            self._keep(tx, made, by, now)
        return device, made

    def challenge_again(self, device_id: str, terms: Terms, by: Requester) -> tuple[Device, Made]:
        """Another challenge for a registered device, in the place of the one before; raises Refused(NOT_FOUND)."""
        now = self._clock()
        made = self._made(terms, by, "device", now, device=device_id)
        with self._store.writing() as tx:
            device = tx.scep_challenges.device(device_id)
            if device is None or device.endpoint != self.endpoint:
                raise _no_device(device_id)
            before = tx.scep_challenges.of_device(device_id)
            if before is not None and tx.scep_challenges.revoke(before.id, now):
                tx.audit.append(event_by(by, now, "scep.challenge.revoke", before.id, endpoint=self.endpoint))
            self._keep(tx, made, by, now)
        return device, made

    def remove(self, device_id: str, by: Requester) -> Device:
        """Forget a device and its challenge; its certificates stay. Raises Refused(NOT_FOUND)."""
        with self._store.writing() as tx:
            device = tx.scep_challenges.device(device_id)
            if device is None or device.endpoint != self.endpoint:
                raise _no_device(device_id)
            tx.scep_challenges.remove_device(device_id)
            tx.audit.append(event_by(by, self._clock(), "scep.device.remove", device_id, **self._about(device)))
        return device

    def revoke(self, challenge_id: str, by: Requester) -> None:
        """Let nobody use a challenge any more; raises Refused(NOT_FOUND) unless it could be revoked."""
        now = self._clock()
        with self._store.writing() as tx:
            challenge = tx.scep_challenges.get(challenge_id)
            if challenge is None or challenge.endpoint != self.endpoint:
                raise _no_challenge(challenge_id)
            if not tx.scep_challenges.revoke(challenge_id, now):
                raise _no_challenge(challenge_id)
            tx.audit.append(event_by(by, now, "scep.challenge.revoke", challenge_id, endpoint=self.endpoint))

    def _made(
        self, terms: Terms, by: Requester, source: str, now: datetime, *, octets: int = SECRET_OCTETS, device: str = ""
    ) -> Made:
        lifetime = terms.lifetime or self._lifetime
        if not timedelta() < lifetime <= LONGEST_LIFETIME:
            raise Refused(Reason.MALFORMED, "a challenge can be used for more than no time, at most ten years")
        if not 1 <= terms.uses <= MOST_USES:
            raise Refused(Reason.MALFORMED, f"a challenge has 1 to {MOST_USES} uses")
        _check_text("note", terms.note, least=0)
        secret = self._random(octets).hex().upper()
        challenge = Challenge(
            id=self._id(now),
            endpoint=self.endpoint,
            digest=digest_of(secret.encode()),
            source=source,
            made_by=by.identity[:LONGEST_TEXT],
            created=now,
            expires=now + lifetime,
            most_uses=terms.uses,
            subject=terms.subject,
            names=terms.names,
            device=device,
            note=terms.note,
        )
        return Made(challenge, secret)

    def _keep(self, tx: Writing, made: Made, by: Requester, now: datetime) -> None:
        challenge = made.challenge
        tx.scep_challenges.add(challenge)
        event = event_by(
            by,
            now,
            "scep.challenge.create",
            challenge.id,
            endpoint=self.endpoint,
            source=challenge.source,
            device=challenge.device,
            expires=challenge.expires.isoformat(),
            uses=challenge.most_uses,
        )
        tx.audit.append(event)

    def _about(self, device: Device) -> dict[str, str]:
        return {"endpoint": self.endpoint, "device": device.identity}

    def _id(self, now: datetime) -> str:
        """An id that sorts by time, and that nobody else makes in the same millisecond."""
        return f"{int(now.timestamp() * 1000):012x}{self._random(6).hex()}"


def _check_text(what: str, text: str, *, least: int = 1, most: int = LONGEST_TEXT) -> None:
    if not least <= len(text) <= most or not text.isprintable() or text != text.strip():
        raise Refused(
            Reason.MALFORMED, f"a {what} has {least} to {most} printable characters, and no blanks around them"
        )


def _no_device(device_id: str) -> Refused:
    return Refused(Reason.NOT_FOUND, f"there is no registered device `{device_id}`")


def _no_challenge(challenge_id: str) -> Refused:
    return Refused(Reason.NOT_FOUND, f"there is no challenge `{challenge_id}` that is not revoked yet")
