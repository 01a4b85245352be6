"""The mails of challenges by mail."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from emca_daemon.protocols.acme.email_reply import ChallengeMail
from emca_daemon.store.acme_tables import mails
from emca_daemon.store.inserting import InsertNew
from emca_daemon.store.statements import Row

_c = mails.c
_GET = select(mails).where(_c.challenge_id == bindparam("challenge_id"))
_DUE = (
    select(mails)
    .where(_c.endpoint == bindparam("endpoint"), _c.due <= bindparam("now"))
    .order_by(_c.due)
    .limit(bindparam("most"))
)
_ADD = InsertNew(mails)
_CHANGED = ("due", "attempts", "fault", "answered", "signer")
_UPDATE = (
    update(mails)
    .where(
        _c.challenge_id == bindparam("b_challenge_id"),
        _c.attempts == bindparam("b_attempts"),
        _c.answered.is_(None),
    )
    .values({name: bindparam(name) for name in _CHANGED})
)


class MailRows:
    """The part of `protocols.acme.ports.AcmeReader` about mails."""

    __slots__ = ()

    _connection: Connection

    def mail(self, challenge_id: str) -> ChallengeMail | None:
        """How the mail of a challenge stands."""
        row = self._connection.execute(_GET, {"challenge_id": challenge_id}).first()
        return None if row is None else _mail_of(row)

    def due_mails(self, endpoint: str, now: datetime, limit: int) -> Sequence[ChallengeMail]:
        """An endpoint's mails that are to be sent, longest due first."""
        rows = self._connection.execute(_DUE, {"endpoint": endpoint, "now": now, "most": limit})
        return [_mail_of(row) for row in rows]


class MailWriter(MailRows):
    """The part of `protocols.acme.ports.AcmeRows` about mails."""

    __slots__ = ()

    def add_mail(self, mail: ChallengeMail, endpoint: str) -> None:
        """Keep a new challenge's mail."""
        _ADD.run(self._connection, {"challenge_id": mail.challenge_id, "endpoint": endpoint, **_values(mail)})

    def update_mail(self, old: ChallengeMail, new: ChallengeMail) -> bool:
        """Replace it; False if it was tried again, or answered, since it was read."""
        given = {"b_challenge_id": old.challenge_id, "b_attempts": old.attempts, **_values(new)}
        return self._connection.execute(_UPDATE, given).rowcount == 1


def _values(mail: ChallengeMail) -> dict[str, object]:
    return {name: getattr(mail, name) for name in _CHANGED}


def _mail_of(row: Row) -> ChallengeMail:
    return ChallengeMail(row.challenge_id, row.due, row.attempts, row.fault, row.answered, row.signer)
