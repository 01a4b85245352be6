"""Leases: work that only one process may do at a time, on however many hosts."""

from datetime import datetime

from sqlalchemy import Column, Connection, Table, Text, bindparam, delete, or_

from emca_daemon.store.columns import NAME, Moment
from emca_daemon.store.inserting import InsertOrChange
from emca_daemon.store.schema import metadata

leases = Table(
    "leases",
    metadata,
    Column("name", NAME, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("taken", Moment, nullable=False),
    Column("runs_out", Moment, nullable=False),
)

_TAKE = InsertOrChange(
    leases,
    lambda new: {"holder": new["holder"], "taken": new["taken"], "runs_out": new["runs_out"]},
    lambda new: or_(leases.c.holder == new["holder"], leases.c.runs_out <= new["taken"]),
)
_GIVE_BACK = delete(leases).where(leases.c.name == bindparam("name"), leases.c.holder == bindparam("holder"))
_END_ALL = delete(leases)


class LeaseWriter:
    """Fulfils `ca.ports.Leases`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, name: str, holder: str, now: datetime, until: datetime) -> bool:
        """Take or renew the lease; False while another holder's has not run out."""
        return _TAKE.run(self._connection, {"name": name, "holder": holder, "taken": now, "runs_out": until})

    def give_back(self, name: str, holder: str) -> None:
        """End it early; another holder's stays."""
        self._connection.execute(_GIVE_BACK, {"name": name, "holder": holder})

    def end_all(self) -> None:
        """End every lease, whoever holds it: for a start when nobody else can be alive."""
        self._connection.execute(_END_ALL)
