"""/cacerts: the issuer's certificates up to the root (RFC 7030 4.1), and those of the issuer that follows."""

from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1.cms_signing import bundle
from emca_daemon.protocols.est.calls import Call
from emca_daemon.protocols.est.endpoint import Endpoint
from emca_daemon.protocols.est.replies import CERTS, Part, Reply


def cacerts(call: Call) -> Reply:
    """Nobody need say who they are: this is what a new client begins with.

    Each certificate is there once. Their order, that of their octets as DER wants it, says nothing.
    """
    endpoint = call.endpoint
    chain = endpoint.authority.record.chain
    return Reply(parts=(Part(CERTS, bundle([*chain, *_next_chain(endpoint), *_rollover(endpoint)])),))


def _next_chain(endpoint: Endpoint) -> tuple[bytes, ...]:
    """The certificates of the issuer that follows, NewWithNew among them; none once it is revoked."""
    for authority in endpoint.authorities.known():
        if authority.name == endpoint.settings.next_issuer and endpoint.authorities.may_sign(authority):
            return authority.record.chain
    return ()


def _rollover(endpoint: Endpoint) -> list[bytes]:
    """OldWithNew and NewWithOld (RFC 7030 4.1.3) while they are valid, and neither CA is revoked."""
    now, authorities = endpoint.clock(), endpoint.authorities
    fallen = [one.certificate for one in authorities.known() if not authorities.may_sign(one)]
    return [
        one.certificate.public_bytes(Encoding.DER)
        for one in endpoint.rollover
        if one.certificate.not_valid_before_utc <= now <= one.certificate.not_valid_after_utc
        and not any(one.concerns(authority) for authority in fallen)
    ]
