"""ACME's rows as one: what `protocols.acme.ports` asks of a transaction."""

from sqlalchemy import Connection

from emca_daemon.store.acme_accounts import AccountRows, AccountWriter
from emca_daemon.store.acme_authorizations import AuthorizationRows
from emca_daemon.store.acme_awaited import AwaitedRows, AwaitedWriter
from emca_daemon.store.acme_bindings import BindingRows, BindingWriter
from emca_daemon.store.acme_buckets import BucketRows, BucketWriter
from emca_daemon.store.acme_delegations import DelegationRows, DelegationWriter
from emca_daemon.store.acme_forgetting import Forgetting
from emca_daemon.store.acme_mails import MailRows, MailWriter
from emca_daemon.store.acme_nonces import NonceWriter
from emca_daemon.store.acme_orders import OrderRows, OrderWriter
from emca_daemon.store.acme_renewals import RenewalRows, RenewalWriter
from emca_daemon.store.acme_star import StarRows, StarWriter


class AcmeRows(
    AccountRows,
    OrderRows,
    AuthorizationRows,
    BindingRows,
    RenewalRows,
    BucketRows,
    StarRows,
    AwaitedRows,
    MailRows,
    DelegationRows,
):
    """Fulfils `protocols.acme.ports.AcmeReader`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection


class AcmeWriter(
    AccountWriter,
    OrderWriter,
    NonceWriter,
    BindingWriter,
    RenewalWriter,
    BucketWriter,
    StarWriter,
    AwaitedWriter,
    MailWriter,
    DelegationWriter,
    Forgetting,
    AcmeRows,
):
    """Fulfils `protocols.acme.ports.AcmeRows`."""

    __slots__ = ()
