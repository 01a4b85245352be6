"""When to renew a certificate; for everybody, without a signature (RFC 9773 4)."""

from emca_daemon.protocols.acme.endpoint import Endpoint
from emca_daemon.protocols.acme.errors import malformed
from emca_daemon.protocols.acme.renewal import read_certificate_name, suggested_window
from emca_daemon.protocols.acme.replacing import found_certificate
from emca_daemon.protocols.acme.replies import Reply
from emca_daemon.protocols.acme.times import time_text


def renewal_info(endpoint: Endpoint, parameters: tuple[str, ...]) -> Reply:
    """The window in which to renew the certificate that the address names."""
    (name,) = parameters
    if not endpoint.settings.renewal_info:
        raise malformed("there is no such resource", 404)
    key_identifier, serial = read_certificate_name(name)
    with endpoint.store.reading() as tx:
        record = found_certificate(endpoint, tx, key_identifier, serial)
        if record is None:
            raise malformed("this server has not issued that certificate", 404)
        window = suggested_window(record, tx.acme.renewal_plans(record.intent.issuer))
    document: dict[str, object] = {"suggestedWindow": {"start": time_text(window.start), "end": time_text(window.end)}}
    if window.explanation is not None:
        document["explanationURL"] = window.explanation
    seconds = int(endpoint.settings.renewal_check.total_seconds())
    return Reply(200, document, headers={"Retry-After": str(max(1, seconds))})
