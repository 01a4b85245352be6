"""GetCACaps, GetCACert and GetNextCACert (RFC 8894 3.5, 4.2, 4.7): what a client asks before anything else."""

from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1 import cms_signing
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.http import Response
from emca_daemon.protocols.scep.endpoint import Endpoint
from emca_daemon.protocols.scep.replies import next_ca_message

_CA = "application/x-x509-ca-cert"
_CA_AND_RA = "application/x-x509-ca-ra-cert"
_NEXT = "application/x-x509-next-ca-cert"


def capabilities(endpoint: Endpoint) -> Response:
    """A keyword a line, without an empty one; only what policy allows.

    SHA-384 is no keyword of RFC 8894, but strongSwan before 5.9.11 takes its absence for that of AES.
    """
    legacy = endpoint.settings.legacy
    offered = {
        "AES": True,
        "DES3": legacy.triple_des,
        "GetNextCACert": endpoint.settings.next_issuer is not None,
        "POSTPKIOperation": True,
        "Renewal": endpoint.settings.renewal.enabled,
        "SHA-1": legacy.sha1,
        "SHA-256": True,
        "SHA-384": True,
        "SHA-512": True,
        "SCEPStandard": True,
    }
    hidden = endpoint.quirks.hidden
    lines = [keyword for keyword, on in offered.items() if on and keyword not in hidden]
    return Response(200, "\n".join(lines).encode() + b"\n", (("content-type", "text/plain"),))


def ca_certificates(endpoint: Endpoint) -> Response:
    """The CA's certificate alone where it answers itself, else a bundle with the RA's first."""
    registration = [certificate.public_bytes(Encoding.DER) for certificate in endpoint.registration.certificates()]
    chain = chain_of(endpoint)
    if not registration and not endpoint.settings.include_root:
        # Apple takes a bundle for one with an RA and misses it: a CA that acts for itself goes alone unless told so.
        return Response(200, chain[0], (("content-type", _CA),))
    bundle = cms_signing.bundle([*registration, *chain], in_given_order=True)
    return Response(200, bundle, (("content-type", _CA_AND_RA),))


def next_ca_certificates(endpoint: Endpoint) -> Response:
    """The certificates of the issuer that follows, signed by who answers now; 404 where none does."""
    following = endpoint.settings.next_issuer
    if following is None:
        raise Refused(Reason.NOT_FOUND, "there is no next CA certificate")
    chain = endpoint.authorities.get(following).record.chain
    identity = endpoint.registration.identity()
    enclosed = [identity.certificate.public_bytes(Encoding.DER)]
    return Response(200, next_ca_message(chain, identity, enclosed), (("content-type", _NEXT),))


def chain_of(endpoint: Endpoint) -> list[bytes]:
    """The issuer's certificate and those above it, the root where the endpoint says so or there is nothing else."""
    authority = endpoint.authority
    chain = list(authority.record.chain)
    if not endpoint.root_in_ca_certificates and len(chain) > 1:
        chain = chain[:-1]
    return chain
