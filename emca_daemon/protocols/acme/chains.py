"""The forms in which a certificate is downloaded (RFC 8555 7.4.2, 9.1)."""

from base64 import b64encode
from collections.abc import Callable, Mapping

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

PEM_CHAIN = "application/pem-certificate-chain"
_PKIX = "application/pkix-cert"
_PKCS7 = "application/pkcs7-mime"


def chosen_format(accept: str | None) -> str | None:
    """The content type that an Accept header likes best; None if it takes none of ours.

    Clients that ask for JSON everywhere (@root/acme) mean no more by it here than that they did not choose.
    """
    if accept is None or not accept.strip():
        return PEM_CHAIN
    best, best_quality = None, 0.0
    for content_type in _WRITERS:
        quality = _quality(content_type, accept[:1024])
        if quality > best_quality:
            best, best_quality = content_type, quality
    return PEM_CHAIN if best is None and "json" in accept[:1024].lower() else best


def _quality(content_type: str, accept: str) -> float:
    """The weight of the most specific range that matches (RFC 9110 12.5.1)."""
    ranges = {"*/*": 0.0, "application/*": 0.0, content_type: 0.0}
    seen = ""
    for entry in accept.lower().split(","):
        media, *parameters = (part.strip() for part in entry.split(";"))
        if media in ranges and len(media) >= len(seen) * (seen != "*/*" or media == "*/*"):
            seen = media
            ranges[media] = _weight(parameters)
    return ranges.get(seen, 0.0)


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0


def written_chain(chain: tuple[bytes, ...], content_type: str) -> bytes:
    """The chain, leaf first, as that content type has it."""
    return _WRITERS[content_type](chain)


def _pem(chain: tuple[bytes, ...]) -> bytes:
    return "".join(_pem_block(der) for der in chain).encode()


def _pem_block(der: bytes) -> str:
    text = b64encode(der).decode()
    lines = "\n".join(text[start : start + 64] for start in range(0, len(text), 64))
    return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"


def _pkcs7(chain: tuple[bytes, ...]) -> bytes:
    return pkcs7.serialize_certificates([x509.load_der_x509_certificate(der) for der in chain], Encoding.DER)


_WRITERS: Mapping[str, Callable[[tuple[bytes, ...]], bytes]] = {
    PEM_CHAIN: _pem,
    _PKIX: lambda chain: chain[0],
    _PKCS7: _pkcs7,
}

FORMATS = tuple(_WRITERS)
"""The content types on offer, the default first."""
