"""Rows of challenges that were made for somebody, and of registered devices; used up under the rows' own locks."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, and_, bindparam, delete, func, or_, select, update

from emca_daemon.names import AlternativeName, NameType, Subject, SubjectAttribute
from emca_daemon.protocols.scep.challenge_records import Challenge, Device, Use
from emca_daemon.store.columns import Moment
from emca_daemon.store.inserting import InsertNew
from emca_daemon.store.scep_challenge_tables import scep_challenge_uses, scep_challenges, scep_devices

_c, _d, _u = scep_challenges.c, scep_devices.c, scep_challenge_uses.c
_NOW = bindparam("b_now", type_=Moment)
_THE_CHALLENGE = _c.id == bindparam("b_challenge")
_THE_USE = and_(_u.challenge == bindparam("b_challenge"), _u.transaction == bindparam("b_transaction"))

_GET = select(scep_challenges).where(_THE_CHALLENGE)
_BY_DIGEST = select(scep_challenges).where(_c.endpoint == bindparam("b_endpoint"), _c.digest == bindparam("b_digest"))
_OF_DEVICE = (
    select(scep_challenges)
    .where(_c.device == bindparam("b_device"))
    .order_by(_c.revoked.is_not(None), _c.created.desc(), _c.id.desc())
    .limit(1)
)
_LIST = select(scep_challenges).where(_c.device == "", _c.id > bindparam("b_after")).order_by(_c.id)
_OUTSTANDING = select(func.count()).where(
    _c.endpoint == bindparam("b_endpoint"),
    _c.source == bindparam("b_source"),
    _c.expires > _NOW,
    _c.revoked.is_(None),
    _c.uses < _c.most_uses,
)
_USE = select(scep_challenge_uses).where(_THE_USE)
_DEVICE = select(scep_devices).where(_d.id == bindparam("b_device"))
_DEVICES = select(scep_devices).where(_d.id > bindparam("b_after")).order_by(_d.id)

_ADD = InsertNew(scep_challenges)
_REVOKE = update(scep_challenges).where(_THE_CHALLENGE, _c.revoked.is_(None)).values(revoked=_NOW)
_COUNT = (
    update(scep_challenges)
    .where(_THE_CHALLENGE, _c.uses < _c.most_uses, _c.revoked.is_(None), _c.expires > _NOW)
    .values(uses=_c.uses + 1)
)
_COUNT_BACK = update(scep_challenges).where(_THE_CHALLENGE).values(uses=_c.uses - 1)
_NOT_REVOKED = update(scep_challenges).where(_THE_CHALLENGE, _c.revoked.is_(None)).values(uses=_c.uses)
_ADD_USE = InsertNew(scep_challenge_uses)
_REPLACE_USE = (
    update(scep_challenge_uses)
    .where(_THE_USE, _u.created == bindparam("b_before", type_=Moment))
    .values({name: bindparam(name) for name in ("created", "issuer", "serial", "pending")})
)
_REMOVE_USE = delete(scep_challenge_uses).where(_THE_USE)
_ADD_DEVICE = InsertNew(scep_devices)
_CHALLENGES_OF = select(_c.id).where(_c.device == bindparam("b_device"))
_REMOVE_DEVICE = (
    delete(scep_challenge_uses).where(_u.challenge.in_(_CHALLENGES_OF)),
    delete(scep_challenges).where(_c.device == bindparam("b_device")),
    delete(scep_devices).where(_d.id == bindparam("b_device")),
)
_OVERDUE = (
    select(_c.id)
    .where(_c.device == "", or_(_c.expires <= _NOW, _c.revoked <= _NOW))
    .order_by(_c.id)
    .limit(bindparam("b_most"))
)
_FORGET_USES = delete(scep_challenge_uses).where(_u.challenge.in_(_OVERDUE))
_FORGET = delete(scep_challenges).where(_c.id.in_(_OVERDUE))


class ScepChallengeRows:
    """Fulfils `protocols.scep.ports.MadeChallengesReader`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, challenge: str) -> Challenge | None:
        """One challenge, by its id."""
        row = self._connection.execute(_GET, {"b_challenge": challenge}).first()
        return None if row is None else _challenge_of(row)

    def by_digest(self, endpoint: str, digest: bytes) -> Challenge | None:
        """One challenge of an endpoint, by the hash of its secret."""
        row = self._connection.execute(_BY_DIGEST, {"b_endpoint": endpoint, "b_digest": digest}).first()
        return None if row is None else _challenge_of(row)

    def of_device(self, device: str) -> Challenge | None:
        """The latest challenge of a device, one that is not revoked before those that are."""
        row = self._connection.execute(_OF_DEVICE, {"b_device": device}).first()
        return None if row is None else _challenge_of(row)

    def list(self, endpoint: str | None, most: int, after: str = "") -> Sequence[Challenge]:
        """Challenges that are no device's, by their ids."""
        chosen = _LIST if endpoint is None else _LIST.where(_c.endpoint == endpoint)
        return [_challenge_of(row) for row in self._connection.execute(chosen.limit(most), {"b_after": after})]

    def outstanding(self, endpoint: str, source: str, now: datetime) -> int:
        """How many of that source could still be used."""
        given = {"b_endpoint": endpoint, "b_source": source, "b_now": now}
        return int(self._connection.execute(_OUTSTANDING, given).scalar_one())

    def use(self, challenge: str, transaction: str) -> Use | None:
        """What a request used a challenge for."""
        row = self._connection.execute(_USE, {"b_challenge": challenge, "b_transaction": transaction}).first()
        return None if row is None else _use_of(row)

    def device(self, device: str) -> Device | None:
        """One device, by the id of its registration."""
        row = self._connection.execute(_DEVICE, {"b_device": device}).first()
        return None if row is None else _device_of(row)

    def devices(self, endpoint: str | None, most: int, after: str = "") -> Sequence[Device]:
        """Devices by the ids of their registrations."""
        chosen = _DEVICES if endpoint is None else _DEVICES.where(_d.endpoint == endpoint)
        return [_device_of(row) for row in self._connection.execute(chosen.limit(most), {"b_after": after})]

    def overdue(self, before: datetime) -> bool:
        """Whether `forget` would find anything."""
        return self._connection.execute(_OVERDUE, {"b_now": before, "b_most": 1}).first() is not None


class ScepChallengeWriter(ScepChallengeRows):
    """Fulfils `protocols.scep.ports.MadeChallenges`."""

    __slots__ = ()

    def add(self, challenge: Challenge) -> None:
        """Keep a new challenge."""
        if not _ADD.run(self._connection, _values(challenge)):
            raise ValueError("a challenge with this id or secret is there already")

    def revoke(self, challenge: str, now: datetime) -> bool:
        """Let nobody use it any more; False where it is not there or revoked already."""
        return self._connection.execute(_REVOKE, {"b_challenge": challenge, "b_now": now}).rowcount == 1

    def take(self, use: Use) -> bool:
        """Use it once; False where no use is left, or it was revoked, or has expired.

        The count is changed under its own condition, so that of two that want the last use the second finds none.
        """
        given = {"b_challenge": use.challenge, "b_now": use.created}
        if not self._connection.execute(_COUNT, given).rowcount:
            return False
        if _ADD_USE.run(self._connection, _use_values(use)):
            return True
        self._connection.execute(_COUNT_BACK, {"b_challenge": use.challenge})
        return False

    def take_again(self, use: Use, instead_of: Use) -> bool:
        """Put a use in the place of one that came to nothing; False if that is gone, or the challenge was revoked."""
        key = {"b_challenge": use.challenge, "b_transaction": use.transaction}
        if not self._connection.execute(_NOT_REVOKED, {"b_challenge": use.challenge}).rowcount:
            return False
        values = {name: value for name, value in _use_values(use).items() if name not in ("challenge", "transaction")}
        return self._connection.execute(_REPLACE_USE, {**key, **values, "b_before": instead_of.created}).rowcount == 1

    def give_back(self, challenge: str, transaction: str) -> bool:
        """Undo a use; False where there is none."""
        given = {"b_challenge": challenge, "b_transaction": transaction}
        if not self._connection.execute(_REMOVE_USE, given).rowcount:
            return False
        self._connection.execute(_COUNT_BACK, {"b_challenge": challenge})
        return True

    def add_device(self, device: Device) -> bool:
        """Keep a new device; False where one of that manufacturer, model and id is registered already."""
        return _ADD_DEVICE.run(self._connection, {name: getattr(device, name) for name in _d.keys()})  # noqa: SIM118

    def remove_device(self, device: str) -> bool:
        """Forget a device, its challenges, and their uses; False where there is none."""
        removed = [self._connection.execute(one, {"b_device": device}).rowcount for one in _REMOVE_DEVICE]
        return removed[-1] == 1

    def forget(self, before: datetime, most: int) -> int:
        """Remove challenges that are no device's and expired, or were revoked, before that time; how many."""
        given = {"b_now": before, "b_most": most}
        self._connection.execute(_FORGET_USES, given)
        return self._connection.execute(_FORGET, given).rowcount


def _values(challenge: Challenge) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(challenge, name) for name in _c.keys()}  # noqa: SIM118
    subject, names = challenge.subject, challenge.names
    return values | {
        "subject": None if subject is None else json.dumps([[one.oid, one.value] for one in subject]),
        "names": None if names is None else json.dumps(sorted([one.type.value, one.value] for one in names)),
    }


def _challenge_of(row: Row[tuple[object, ...]]) -> Challenge:
    return Challenge(
        id=row.id,
        endpoint=row.endpoint,
        digest=bytes(row.digest),
        source=row.source,
        made_by=row.made_by,
        created=row.created,
        expires=row.expires,
        most_uses=row.most_uses,
        uses=row.uses,
        revoked=row.revoked,
        subject=_subject_of(row.subject),
        names=_names_of(row.names),
        device=row.device,
        note=row.note,
    )


def _subject_of(text: str | None) -> Subject | None:
    return None if text is None else tuple(SubjectAttribute(oid, value) for oid, value in json.loads(text))


def _names_of(text: str | None) -> frozenset[AlternativeName] | None:
    return None if text is None else frozenset(AlternativeName(NameType(k), value) for k, value in json.loads(text))


def _device_of(row: Row[tuple[object, ...]]) -> Device:
    return Device(
        id=row.id,
        endpoint=row.endpoint,
        manufacturer=row.manufacturer,
        model=row.model,
        device_id=row.device_id,
        made_by=row.made_by,
        created=row.created,
        note=row.note,
    )


def _use_values(use: Use) -> dict[str, object]:
    return {name: getattr(use, name) for name in _u.keys()}  # noqa: SIM118


def _use_of(row: Row[tuple[object, ...]]) -> Use:
    return Use(
        challenge=row.challenge,
        transaction=row.transaction,
        created=row.created,
        issuer=row.issuer,
        serial=row.serial,
        pending=row.pending,
    )
