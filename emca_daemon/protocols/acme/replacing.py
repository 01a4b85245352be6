"""Orders that replace a certificate: which one, and whether they may (RFC 9773 5)."""

from emca_daemon.ca.records import CertificateRecord
from emca_daemon.errors import Reason
from emca_daemon.names import AlternativeName, SerialNumber
from emca_daemon.protocols.acme.calls import AccountCall
from emca_daemon.protocols.acme.endpoint import Endpoint
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem, malformed, unauthorized
from emca_daemon.protocols.acme.ports import Reading, Writing
from emca_daemon.protocols.acme.renewal import certificate_name, read_certificate_name
from emca_daemon.protocols.acme.states import OrderStatus, order_status


def found_certificate(
    endpoint: Endpoint, tx: Reading | Writing, key_identifier: bytes, serial: SerialNumber
) -> CertificateRecord | None:
    """The certificate of that issuer, told by its key, with that serial number; issued ones only."""
    for issuer in endpoint.enrollment.issuers():
        if issuer.key_identifier == key_identifier:
            record = tx.certificates.find(issuer.name, serial)
            if record is not None and record.der is not None:
                return record
    return None


def read_replaced(call: AccountCall, tx: Writing, value: object, names: tuple[AlternativeName, ...]) -> str | None:
    """The name of the certificate that an order replaces; None where it replaces none.

    Raises malformed (404 for an unknown certificate), unauthorized for another account's, and alreadyReplaced while
    another order for the same certificate is not invalid.
    """
    if value is None or not call.endpoint.settings.renewal_info:
        return None
    key_identifier, serial = read_certificate_name(value)
    record = found_certificate(call.endpoint, tx, key_identifier, serial)
    if record is None:
        raise malformed("this server has not issued the certificate that `replaces` names", 404)
    if record.intent.protocol != "acme" or record.intent.requester != call.identity:
        raise unauthorized("the certificate that `replaces` names was ordered by another account")
    if not set(record.intent.names) & set(names):
        raise malformed("the certificate that `replaces` names has none of the order's names")
    name = certificate_name(key_identifier, serial)
    before = tx.acme.replacement(name)
    earlier = None if before is None else tx.acme.order(before)
    if earlier is not None and order_status(earlier, call.now) is not OrderStatus.INVALID:
        problem = Problem("alreadyReplaced", "the certificate already has a replacement order", 409)
        raise AcmeRefusal(problem, reason=Reason.WRONG_STATE)
    return name
