"""How old the look at CAA records may be when a certificate is issued (RFC 8659 3, CA/Browser Forum BR 3.2.2.8.1).

CAA is asked when a name is proved. Where it is asked at all, a proof is used again for new orders only while that
was not long ago, so that a renewal proves its names, and asks, anew; and an order that was left lying is refused.
"""

from datetime import datetime, timedelta

from emca_daemon.names import NameType
from emca_daemon.protocols.acme.dns_persist import DNS_PERSIST_01
from emca_daemon.protocols.acme.errors import Problem
from emca_daemon.protocols.acme.records import Authorization, Order
from emca_daemon.settings.acme import AcmeSettings

LONGEST = timedelta(hours=8)
_FOR_NEW_ORDERS = timedelta(hours=7)
"""A new order has at least an hour left."""


def is_fresh_enough(settings: AcmeSettings, authorization: Authorization, now: datetime) -> bool:
    """Whether a new order may use a valid authorization again.

    A record that stays is asked again for each order, since its owner ends it by taking it away.
    """
    if authorization.method == DNS_PERSIST_01:
        return False
    if settings.caa == "off" or authorization.identifier.type is not NameType.DNS:
        return True
    return authorization.proved is not None and authorization.proved > now - _FOR_NEW_ORDERS


def staleness(settings: AcmeSettings, order: Order, now: datetime) -> Problem | None:
    """What keeps an order from its certificate; None while CAA was asked recently enough for all its names."""
    if settings.caa == "off" or all(name.type is not NameType.DNS for name in order.names):
        return None
    if all(one.proved is not None and one.proved >= now - LONGEST for one in order.authorizations):
        return None
    hours = LONGEST // timedelta(hours=1)
    return Problem("caa", f"the CAA records were asked more than {hours} hours ago; place a new order", 403)
