"""How old the look at CAA records may be when a certificate is issued (RFC 8659 3, CA/Browser Forum BR 3.2.2.8.1)."""

from datetime import datetime, timedelta

from emca_daemon.names import NameType
from emca_daemon.protocols.acme.challenges import DEVICE_ATTEST_01
from emca_daemon.protocols.acme.dns_persist import DNS_PERSIST_01
from emca_daemon.protocols.acme.onion import is_onion
from emca_daemon.protocols.acme.records import Authorization, Order
from emca_daemon.settings.acme import AcmeSettings

LONGEST = timedelta(hours=8)


def may_be_used_again(authorization: Authorization) -> bool:
    """Whether a new order may use a valid authorization again.

    A record that stays is asked again for each order, since its owner ends it by taking it away. An attestation is good
    for one key, and the next order will be for another.
    """
    return authorization.method not in {DNS_PERSIST_01, DEVICE_ATTEST_01}


def needs_caa(settings: AcmeSettings, order: Order, now: datetime) -> bool:
    """Whether CAA must be asked before the order is issued: it was asked when a name was proved, or not at all.

    That of names beneath `onion` comes with the order (`onion_caa`). Where a delegation answers for names nobody asked.
    """
    if settings.caa == "off" or all(name.type is not NameType.DNS or is_onion(name) for name in order.names):
        return False
    return order.delegation is not None or any(
        one.asks_caa or one.proved is None or one.proved < now - LONGEST for one in order.authorizations
    )
