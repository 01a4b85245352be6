"""CMP's revocation passphrases: one a holder and endpoint, found by the identifier that its holder chose."""

from sqlalchemy import Column, Connection, LargeBinary, Table, Text, UniqueConstraint, bindparam, delete, select

from emca_daemon.protocols.cmp.records import Passphrase
from emca_daemon.store.columns import NAME, Moment
from emca_daemon.store.inserting import InsertNew
from emca_daemon.store.schema import metadata
from emca_daemon.store.statements import Statement

cmp_passphrases = Table(
    "cmp_passphrases",
    metadata,
    Column("endpoint", NAME, primary_key=True),
    Column("holder", Text, primary_key=True),
    Column("identifier", LargeBinary(128), nullable=False),
    Column("passphrase", LargeBinary, nullable=False),
    Column("changed", Moment, nullable=False),
    UniqueConstraint("endpoint", "identifier", name="uq_cmp_passphrases_identifier"),
)

_c = cmp_passphrases.c
_FIND = Statement(
    select(cmp_passphrases).where(_c.endpoint == bindparam("b_endpoint"), _c.identifier == bindparam("b_identifier"))
)
_FORGET = Statement(
    delete(cmp_passphrases).where(_c.endpoint == bindparam("b_endpoint"), _c.holder == bindparam("b_holder"))
)
_ADD = InsertNew(cmp_passphrases)


class PassphraseRows:
    """Fulfils `protocols.cmp.ports.PassphrasesReader`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, endpoint: str, identifier: bytes) -> Passphrase | None:
        """The passphrase of that identifier."""
        row = _FIND.first(self._connection, {"b_endpoint": endpoint, "b_identifier": identifier})
        if row is None:
            return None
        return Passphrase(row.endpoint, row.holder, bytes(row.identifier), bytes(row.passphrase), row.changed)


class PassphraseWriter(PassphraseRows):
    """Fulfils `protocols.cmp.ports.Passphrases`."""

    __slots__ = ()

    def keep(self, passphrase: Passphrase) -> bool:
        """Keep it in the place of its holder's last one; False where its identifier is somebody else's."""
        _FORGET.run(self._connection, {"b_endpoint": passphrase.endpoint, "b_holder": passphrase.holder})
        given = {
            "endpoint": passphrase.endpoint,
            "holder": passphrase.holder,
            "identifier": passphrase.identifier,
            "passphrase": passphrase.passphrase,
            "changed": passphrase.changed,
        }
        return _ADD.run(self._connection, given)
