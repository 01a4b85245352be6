"""Pebble's management interface: CA certificates and their keys, the status of a certificate, renewal information."""

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final, Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1.unreadable import UNREADABLE
from emca_daemon.ca.ports import Reading
from emca_daemon.ca.records import CertificateRecord
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, SerialNumber
from emca_daemon.protocols.http import Headers, Request, Response
from emca_daemon.protocols.pebble.renewals import Renewals

PEM: Final = "application/pem-certificate-chain; charset=utf-8"
_KEY: Final = "application/x-pem-file; charset=utf-8"
_JSON: Final = "application/json; charset=utf-8"
_CHAINS: Final = re.compile(r"/(roots|root-keys|intermediates|intermediate-keys)/([0-9]{1,4})")
_STATUS: Final = re.compile(r"/cert-status-by-serial/([0-9A-Fa-f]{1,80})")
RENEWAL_PATH: Final = "/set-renewal-info"
MANAGEMENT_PATHS: Final = ("/roots", "/root-keys", "/intermediates", "/intermediate-keys", "/cert-status-by-serial")


class Store(Protocol):
    """Where certificates are looked up."""

    def reading(self) -> AbstractContextManager[Reading]:
        """Open a read transaction."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The two ends of one chain, PEM: the certificate that issues and its root's, with the keys of both."""

    root: str
    root_key: str = field(repr=False)
    intermediate: str
    intermediate_key: str = field(repr=False)

    def part(self, name: str) -> str:
        """What stands under a path: `roots`, `root-keys`, `intermediates` or `intermediate-keys`."""
        return {
            "roots": self.root,
            "root-keys": self.root_key,
            "intermediates": self.intermediate,
            "intermediate-keys": self.intermediate_key,
        }[name]


class ManagementResponder:
    """Answers at Pebble's own paths; fulfils `protocols.http.Responder`."""

    max_body = 65_536

    def __init__(
        self, store: Store, chains: Sequence[Chain], issuers: Sequence[IssuerName], renewals: Renewals
    ) -> None:
        """`chains` begin with the usual one; certificates of the `issuers` are looked up."""
        self._store = store
        self._chains = chains
        self._issuers = issuers
        self._renewals = renewals

    def respond(self, request: Request) -> Response:
        """Answer, with a problem document where there is nothing of the kind."""
        try:
            return self._answer(request)
        except Refused as refused:
            status = 404 if refused.reason is Reason.NOT_FOUND else 400
            return _problem(status, refused.detail)

    def waits(self, request: Request) -> bool:
        """Certificates are in the store."""
        return request.path.startswith(("/cert-status", RENEWAL_PATH))

    def failed(self, request: Request) -> Response:
        """The answer to a bug."""
        return _problem(500, f"the server failed; the request was {request.id}")

    def busy(self, request: Request) -> Response:  # noqa: ARG002
        """The answer when no worker is free."""
        busy = _problem(503, "the server is busy")
        return Response(busy.status, busy.body, (*busy.headers, ("Retry-After", "1")))

    def _answer(self, request: Request) -> Response:
        if request.method == "POST" and request.path.rstrip("/") == RENEWAL_PATH:
            return self._set_renewal(request.body)
        if request.method not in ("GET", "HEAD"):
            raise Refused(Reason.MALFORMED, f"the method {request.method[:20]} is not allowed here")
        if chain := _CHAINS.fullmatch(request.path):
            return self._chain(chain[1], int(chain[2]))
        if status := _STATUS.fullmatch(request.path):
            return self._status(SerialNumber(int(status[1], 16)))
        raise Refused(Reason.NOT_FOUND, "there is nothing here")

    def _chain(self, name: str, number: int) -> Response:
        """One of the chains' certificates or keys; the others are told as alternates."""
        if number >= len(self._chains):
            raise Refused(Reason.NOT_FOUND, "there is no such chain")
        links = tuple(
            ("Link", f'</{name}/{other}>;rel="alternate"') for other in range(len(self._chains)) if other != number
        )
        content_type = _KEY if name.endswith("keys") else PEM
        return _found(self._chains[number].part(name).encode(), content_type, links)

    def _status(self, serial: SerialNumber) -> Response:
        record, der = self._find(serial)
        document: dict[str, object] = {
            "Certificate": x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode(),
            "Serial": f"{serial:x}",
            "Status": "Valid",
        }
        if record.revocation is not None:
            document["Status"] = "Revoked"
            document["Reason"] = record.revocation.reason.value
            document["RevokedAt"] = record.revocation.at.isoformat()
        return _found(json.dumps(document).encode(), _JSON)

    def _set_renewal(self, body: bytes) -> Response:
        """What the next questions about a certificate's renewal are answered with, verbatim."""
        given = _members(body)
        certificate, answer = given.get("certificate"), given.get("ariresponse")
        if not isinstance(certificate, str) or not isinstance(answer, str):
            raise Refused(Reason.MALFORMED, "expected the members `Certificate` and `ARIResponse`, both text")
        try:
            parsed = x509.load_pem_x509_certificate(certificate.encode())
        except UNREADABLE:
            raise Refused(Reason.MALFORMED, "the member `Certificate` holds no certificate in PEM") from None
        self._find(SerialNumber(parsed.serial_number))
        self._renewals.set(SerialNumber(parsed.serial_number), answer)
        return Response(200)

    def _find(self, serial: SerialNumber) -> tuple[CertificateRecord, bytes]:
        with self._store.reading() as tx:
            for issuer in self._issuers:
                record = tx.certificates.find(issuer, serial)
                if record is not None and record.der is not None:
                    return record, record.der
        raise Refused(Reason.NOT_FOUND, "there is no certificate with that serial number")


def _members(body: bytes) -> Mapping[str, object]:
    """A JSON object's members, names in lower case."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise Refused(Reason.MALFORMED, "the body is not a JSON object")
    return {str(name).lower(): value for name, value in document.items()}


def _found(body: bytes, content_type: str, more: Headers = ()) -> Response:
    headers = (("Content-Type", content_type), ("Cache-Control", "public, max-age=0, no-cache"), *more)
    return Response(200, body, headers)


def _problem(status: int, detail: str) -> Response:
    document = {"type": "urn:ietf:params:acme:error:malformed", "detail": detail, "status": status}
    return Response(status, json.dumps(document).encode(), (("Content-Type", "application/problem+json"),))
