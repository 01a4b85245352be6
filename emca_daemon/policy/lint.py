"""Linting before signing (BR 4.3.1.2): the only place that makes a `Linted`, without which nothing is signed.

Our own invariants run on every certificate. pkilint's PKIX validators run once for each shape of end-entity
certificate, its serverauth validators every time; docs/decisions/0002-lint-by-shape.md says why that checks no less.
"""

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.errors import Mismatch, Reason, Refused
from emca_daemon.policy.invariants import breaches
from emca_daemon.policy.lint_parts import SEQUENCE, TbsParts, elements, inside, take_apart
from emca_daemon.policy.lint_shape import shape_of
from emca_daemon.policy.tokens import CertificateKind, Linted, ToBeSigned

if TYPE_CHECKING:
    from emca_daemon.policy.lint_pkilint import PkixLinter, ServerauthLinter

LEVELS = ("none", "pkix", "serverauth")
"""How deep a profile may have its certificates linted: our invariants alone, RFC 5280 too, or the BRs too."""


class Linter:
    """Lints certificates; remembers the shapes in which the PKIX validators found nothing. Safe to share by threads."""

    def __init__(self, *, remember: int = 1024) -> None:
        self._remember = remember
        self._clean: OrderedDict[bytes, None] = OrderedDict()
        self._lock = Lock()
        self._pkix: PkixLinter | None = None
        self._serverauth: ServerauthLinter | None = None

    def prepare(self, levels: Iterable[str]) -> None:
        """Load now what these levels need, so that no request waits for it (0.3 s; 0.6 s with serverauth)."""
        wanted = set(levels)
        if "pkix" in wanted:
            self._pkix_linter()
        if "serverauth" in wanted:
            self._serverauth_linter()

    def pass_(self, to_be_signed: ToBeSigned) -> Linted:
        """Let a certificate pass; raises Refused(PROFILE_REFUSED) with one mismatch for every finding."""
        parts = take_apart(to_be_signed.tbs)
        findings = breaches(to_be_signed, parts)
        if not findings:
            findings = self._lint(to_be_signed, parts)
        if findings:
            raise Refused(Reason.PROFILE_REFUSED, "the certificate would break rules", findings)
        return Linted(to_be_signed)

    def _lint(self, to_be_signed: ToBeSigned, parts: TbsParts) -> tuple[Mismatch, ...]:
        """What pkilint finds at the level of the profile, in a certificate that keeps our invariants."""
        level = to_be_signed.approved.lint
        if level == "none":
            return ()
        if level == "serverauth":
            return self._serverauth_linter().findings(_encoded(to_be_signed))
        if level != "pkix":
            raise Refused(Reason.INTERNAL, f"there is no lint level {level}")
        if to_be_signed.approved.kind is not CertificateKind.END_ENTITY:
            return self._pkix_linter().findings(_encoded(to_be_signed))
        return self._lint_by_shape(to_be_signed, parts)

    def _lint_by_shape(self, to_be_signed: ToBeSigned, parts: TbsParts) -> tuple[Mismatch, ...]:
        """Run the PKIX validators unless they found nothing in a certificate of the same shape."""
        encoded = _encoded(to_be_signed)
        shape = shape_of(parts, _outer_algorithm(encoded), to_be_signed.approved.kind.value)
        with self._lock:
            if shape in self._clean:
                self._clean.move_to_end(shape)
                return ()
        findings = self._pkix_linter().findings(encoded)
        if not findings:
            with self._lock:
                self._clean[shape] = None
                if len(self._clean) > self._remember:
                    self._clean.popitem(last=False)
        return findings

    def _pkix_linter(self) -> "PkixLinter":
        """The PKIX validators, loaded when first needed."""
        with self._lock:
            if self._pkix is None:
                from emca_daemon.policy.lint_pkilint import PkixLinter

                self._pkix = PkixLinter()
            return self._pkix

    def _serverauth_linter(self) -> "ServerauthLinter":
        """The serverauth validators, loaded when first needed."""
        with self._lock:
            if self._serverauth is None:
                from emca_daemon.policy.lint_pkilint import ServerauthLinter

                self._serverauth = ServerauthLinter()
            return self._serverauth


def _encoded(to_be_signed: ToBeSigned) -> bytes:
    """The specimen in DER."""
    return to_be_signed.specimen.public_bytes(Encoding.DER)


def _outer_algorithm(encoded: bytes) -> bytes:
    """The AlgorithmIdentifier outside the TBSCertificate."""
    _, algorithm, _ = elements(inside(encoded, SEQUENCE))
    return algorithm.whole
