"""ACME's accounts."""

import json

from sqlalchemy import BindParameter, Connection, bindparam, exists, select, update
from sqlalchemy.exc import IntegrityError

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.records import Account, KeyStanding
from emca_daemon.protocols.acme.states import AccountStatus
from emca_daemon.store.acme_tables import accounts
from emca_daemon.store.blocked_keys import IS_BLOCKED
from emca_daemon.store.inserting import InsertNew
from emca_daemon.store.statements import Row, Statement

_c = accounts.c
_GET = Statement(select(accounts).where(_c.id == bindparam("id")))
_BY_KEY = Statement(
    select(accounts).where(_c.endpoint == bindparam("endpoint"), _c.thumbprint == bindparam("thumbprint"))
)
_KEY: BindParameter[bytes] = bindparam("key_fingerprint")
_OF_ACCOUNT = exists().where(_c.key_fingerprint == _KEY)
_KEY_STANDING = Statement(select(_OF_ACCOUNT.label("of_account"), IS_BLOCKED.label("blocked")))
_INSERT = InsertNew(accounts)
_CHANGED = ("status", "jwk", "thumbprint", "key_fingerprint", "contacts", "terms_agreed", "terms", "former_thumbprints")
_UPDATE = (
    update(accounts)
    .where(_c.id == bindparam("b_id"), _c.thumbprint == bindparam("b_expected"))
    .values({name: bindparam(name) for name in _CHANGED})
)


class AccountRows:
    """The part of `protocols.acme.ports.AcmeReader` about accounts."""

    __slots__ = ()

    _connection: Connection

    def account(self, account_id: str) -> Account | None:
        """One account."""
        row = _GET.first(self._connection, {"id": account_id})
        return _account_of(row) if row else None

    def account_by_key(self, endpoint: str, thumbprint: str) -> Account | None:
        """The endpoint's account with that key."""
        row = _BY_KEY.first(self._connection, {"endpoint": endpoint, "thumbprint": thumbprint})
        return _account_of(row) if row else None

    def key_standing(self, key_fingerprint: bytes) -> KeyStanding:
        """Whether a key is an account's, of whatever endpoint, and whether it is blocked; one statement."""
        row = _KEY_STANDING.one(self._connection, {"key_fingerprint": key_fingerprint})
        return KeyStanding(of_account=bool(row.of_account), blocked=bool(row.blocked))


class AccountWriter(AccountRows):
    """The part of `protocols.acme.ports.AcmeRows` about accounts."""

    __slots__ = ()

    def add_account(self, account: Account) -> bool:
        """Keep a new account; False if the endpoint has one with that key already."""
        given = {
            "id": account.id,
            "endpoint": account.endpoint,
            "created": account.created,
            "binding": account.binding,
            "binding_request": account.binding_request,
            **_values(account),
        }
        return _INSERT.run(self._connection, given)

    def update_account(self, account: Account, expected_thumbprint: str) -> bool:
        """Replace an account whose key is still the expected one.

        Raises Refused(WRONG_STATE) if it is not; False if another account of the endpoint has the new key.
        Refused(UNAVAILABLE) says that another transaction gives that key away at this moment.
        """
        if account.thumbprint != expected_thumbprint:
            owner = self.account_by_key(account.endpoint, account.thumbprint)
            if owner is not None and owner.id != account.id:
                return False
        given = {"b_id": account.id, "b_expected": expected_thumbprint, **_values(account)}
        try:
            changed = self._connection.execute(_UPDATE, given).rowcount
        except IntegrityError:
            raise Refused(Reason.UNAVAILABLE, "another request uses the same key", retry_after=1) from None
        if changed != 1:
            raise Refused(Reason.WRONG_STATE, "the account's key was changed meanwhile")
        return True


def _values(account: Account) -> dict[str, object]:
    return {
        "status": account.status.value,
        "jwk": account.jwk,
        "thumbprint": account.thumbprint,
        "key_fingerprint": account.key_fingerprint,
        "contacts": json.dumps(account.contacts),
        "terms_agreed": account.terms_agreed,
        "terms": account.terms,
        "former_thumbprints": json.dumps(account.former_thumbprints) if account.former_thumbprints else None,
    }


def _account_of(row: Row) -> Account:
    return Account(
        id=row.id,
        endpoint=row.endpoint,
        status=AccountStatus(row.status),
        jwk=row.jwk,
        thumbprint=row.thumbprint,
        key_fingerprint=bytes(row.key_fingerprint),
        contacts=tuple(json.loads(row.contacts)),
        terms_agreed=row.terms_agreed,
        created=row.created,
        terms=row.terms,
        binding=row.binding,
        binding_request=row.binding_request,
        former_thumbprints=tuple(json.loads(row.former_thumbprints or "[]")),
    )
