"""Requests that wait for a person."""

from collections.abc import Sequence

from sqlalchemy import Column, Connection, Index, LargeBinary, Row, String, Table, Text, bindparam, select, update

from emca_daemon.ca.records import PendingRequest, RequestState
from emca_daemon.errors import Reason, Refused
from emca_daemon.store.columns import NAME, Moment, Serial
from emca_daemon.store.inserting import InsertNew
from emca_daemon.store.schema import metadata

_MOST = 10_000
"""How many requests are listed at once."""

pending_requests = Table(
    "pending_requests",
    metadata,
    Column("id", NAME, primary_key=True),
    Column("created", Moment, nullable=False),
    Column("protocol", String(32), nullable=False),
    Column("reference", Text, nullable=False),
    Column("requester", Text, nullable=False),
    Column("profile", NAME, nullable=False),
    Column("summary", Text, nullable=False),
    Column("facts", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", Moment),
    Column("note", Text, nullable=False),
    Column("issuer", NAME),
    Column("serial", Serial),
    Index("ix_pending_requests_state_created", "state", "created"),
    Index("ix_pending_requests_protocol_reference", "protocol", "reference"),
)

_c = pending_requests.c
_GET = select(pending_requests).where(_c.id == bindparam("id"))
_FIND = (
    select(pending_requests)
    .where(_c.protocol == bindparam("protocol"), _c.reference == bindparam("reference"))
    .order_by(_c.created.desc(), _c.id.desc())
    .limit(1)
)
_LIST = select(pending_requests).order_by(_c.created, _c.id).limit(bindparam("limit"))
_LIST_IN_STATE = _LIST.where(_c.state == bindparam("state"))
_INSERT = InsertNew(pending_requests)
_UPDATE = (
    update(pending_requests)
    .where(_c.id == bindparam("b_id"), _c.state == bindparam("b_expected"))
    .values({column: bindparam(column.name) for column in _c if column.name != "id"})
)


class PendingRows:
    """Fulfils `ca.ports.PendingReader`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, request_id: str) -> PendingRequest | None:
        """One request."""
        row = self._connection.execute(_GET, {"id": request_id}).first()
        return _request_of(row) if row else None

    def find(self, protocol: str, reference: str) -> PendingRequest | None:
        """The newest request that a protocol knows by that reference."""
        row = self._connection.execute(_FIND, {"protocol": protocol, "reference": reference}).first()
        return _request_of(row) if row else None

    def list(self, state: RequestState | None, limit: int = 100) -> Sequence[PendingRequest]:
        """Requests, oldest first."""
        given: dict[str, object] = {"limit": min(max(limit, 0), _MOST)}
        if state is None:
            rows = self._connection.execute(_LIST, given)
        else:
            rows = self._connection.execute(_LIST_IN_STATE, {**given, "state": state.value})
        return [_request_of(row) for row in rows]


class PendingWriter(PendingRows):
    """Fulfils `ca.ports.PendingRequests`."""

    __slots__ = ()

    def add(self, request: PendingRequest) -> None:
        """Keep a new one; raises Refused(WRONG_STATE) if its id is taken."""
        if not _INSERT.run(self._connection, {"id": request.id, **_values(request)}):
            raise Refused(Reason.WRONG_STATE, f"there is a request {request.id} already")

    def update(self, request: PendingRequest, expected: RequestState) -> None:
        """Replace it; raises Refused(WRONG_STATE) unless it is in the expected state."""
        given = {"b_id": request.id, "b_expected": expected.value, **_values(request)}
        if self._connection.execute(_UPDATE, given).rowcount != 1:
            raise Refused(Reason.WRONG_STATE, f"request {request.id} is not {expected.value}")


def _values(request: PendingRequest) -> dict[str, object]:
    return {
        "created": request.created,
        "protocol": request.protocol,
        "reference": request.reference,
        "requester": request.requester,
        "profile": request.profile,
        "summary": request.summary,
        "facts": request.facts,
        "state": request.state.value,
        "decided_by": request.decided_by,
        "decided_at": request.decided_at,
        "note": request.note,
        "issuer": request.issuer,
        "serial": request.serial,
    }


def _request_of(row: Row[tuple[object, ...]]) -> PendingRequest:
    return PendingRequest(
        id=row.id,
        created=row.created,
        protocol=row.protocol,
        reference=row.reference,
        requester=row.requester,
        profile=row.profile,
        summary=row.summary,
        facts=row.facts,
        state=RequestState(row.state),
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        note=row.note,
        issuer=row.issuer,
        serial=row.serial,
    )
