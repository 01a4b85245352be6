"""The settings of EST, a table a label (`[est.LABEL]`; the one called `default` has no label in its address)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from emca_daemon.names import IssuerName, KeyName, ProfileName
from emca_daemon.settings.limits import count, each_of, limited, one_of, positive
from emca_daemon.toml_reading import between, not_empty

DEFAULT_LABEL: Final = "default"
OPERATIONS: Final = ("cacerts", "simpleenroll", "simplereenroll", "serverkeygen", "csrattrs", "fullcmc")
"""What stands at the end of a path; a label may not be called so (RFC 7030 3.2.2)."""

CMC_RESPONDER: Final = ProfileName("cmc-responder")
"""The profile that is shipped for who signs."""

ALGORITHMS: Final = ("rsa-2048", "rsa-3072", "rsa-4096", "p-256", "p-384", "p-521", "ed25519", "ed448")


@dataclass(frozen=True, slots=True, kw_only=True)
class EstHttpSettings:
    """Authentication by HTTP.

    `methods` are offered in this order; `digest-md5` is for old clients only. `realm` says whose users they are.
    After `attempts` wrong passwords in a row a user is locked for `lock`; after `attempts_per_address` within `lock`
    an address is refused. `tokens` is a file with a line `NAME TOKEN [GROUP ...]` for each bearer.
    """

    methods: tuple[str, ...] = limited(("basic",), not_empty, each_of("basic", "digest", "digest-md5", "bearer"))
    realm: str = limited("est", not_empty)
    attempts: int = limited(10, count)
    attempts_per_address: int = limited(100, count)
    lock: timedelta = limited(timedelta(minutes=15), positive)
    nonce_lifetime: timedelta = limited(timedelta(minutes=5), positive)
    tokens: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EstCertificateSettings:
    """Authentication by TLS client certificate.

    `own` says what certificates of our own may do: `reenroll` (get the same names again), `enroll` (any names) or
    `no`. `renewable` are the profiles and `issuers` our issuers whose certificates count here (empty: the label's); a
    label whose issuer has been followed by another names the former one beside it. `authorities` are PEM files of
    foreign CAs whose certificates may enroll (a manufacturer's, for IDevIDs), `crls` their CRLs in DER or PEM files.
    `expired` and `revoked` are `refuse` or `accept`; `expired_grace` is how long ago an accepted certificate may have
    expired.
    """

    own: str = limited("reenroll", one_of("reenroll", "enroll", "no"))
    renewable: tuple[ProfileName, ...] = ()
    issuers: tuple[IssuerName, ...] = ()
    authorities: tuple[Path, ...] = ()
    crls: tuple[Path, ...] = ()
    expired: str = limited("refuse", one_of("refuse", "accept"))
    expired_grace: timedelta = limited(timedelta(days=30), positive)
    revoked: str = limited("refuse", one_of("refuse", "accept"))


@dataclass(frozen=True, slots=True, kw_only=True)
class EstKeySettings:
    """Keys made by the server (`serverkeygen`).

    `algorithms` are those made, the first where the request names none; `encryption` is `required`, `optional` (as
    the request asks) or `off`. `keys` is a file with a line `IDENTIFIER HEXKEY` for each symmetric key by which a
    client may ask for its key to be encrypted.
    """

    algorithms: tuple[str, ...] = limited((), each_of(*ALGORITHMS))
    encryption: str = limited("optional", one_of("required", "optional", "off"))
    keys: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EstSettings:
    """One label.

    `authentication` says what a client must show: `certificate`, `http`, `either` or `both`; in /fullcmc the
    certificate that signed counts as the client's, a shared secret alone is enough for `either`. `proof_of_possession`
    is about the TLS session's channel binding in the request's challenge password: `required`, `if-present` or `off`.
    `csr_attributes` are OIDs that /csrattrs lists, `csr_template` adds the RFC 9908 template. `wrap` breaks base64
    into lines for clients that need it: `auto` (by User-Agent), `always` or `never`.
    """

    profile: ProfileName
    issuer: IssuerName | None = None
    """Whose certificates they are; None: the profile's issuer."""
    next_issuer: IssuerName | None = None
    """The issuer that follows this one: /cacerts holds its certificates, too."""
    rollover_certificates: tuple[Path, ...] = ()
    """PEM files with OldWithNew and NewWithOld for /cacerts: one CA's key, certified by another CA of ours."""
    authentication: str = limited("either", one_of("certificate", "http", "either", "both"))
    proof_of_possession: str = limited("if-present", one_of("required", "if-present", "off"))
    change_subject: bool = False
    """Whether a renewal may ask for other names (ChangeSubjectName, RFC 6402)."""
    reuse_key: bool = True
    """Whether a renewal may keep its key."""
    csr_attributes: tuple[str, ...] = ()
    csr_template: bool = False
    full_cmc: bool = False
    """Whether /fullcmc is served."""
    cmc_secrets: Path | None = None
    """File with the secrets that clients prove in /fullcmc: a line `NAME SECRET [GROUP ...]` each."""
    wrap: str = limited("auto", one_of("auto", "always", "never"))
    strict_types: bool = False
    """Whether a wrong Content-Type is refused (415) or overlooked."""
    retry_after: timedelta = limited(timedelta(seconds=60), positive)
    """What a client is told to wait while a person decides."""
    collect_within: timedelta = limited(timedelta(days=7), positive)
    """How long after a person's decision it is told to the client that asks again."""
    requests_per_minute: int = limited(0, between(0, 1_000_000))
    """How many enrollments one requester may ask for; 0: any number."""
    signer_profile: ProfileName = CMC_RESPONDER
    """Profile of the certificate that signs generated keys and full CMC responses; issued and renewed by itself."""
    signer_key: KeyName | None = None
    """Where that certificate's key is made; None: `cmp-{issuer}`, beside the issuer's own key."""
    http: EstHttpSettings = field(default_factory=EstHttpSettings)
    certificates: EstCertificateSettings = field(default_factory=EstCertificateSettings)
    serverkeygen: EstKeySettings = field(default_factory=EstKeySettings)

    @property
    def signs(self) -> bool:
        """Whether anything here is signed but certificates."""
        return self.full_cmc or (bool(self.serverkeygen.algorithms) and self.serverkeygen.encryption != "off")

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Parts that do not fit one another."""
        if "bearer" in self.http.methods and self.http.tokens is None:
            yield "http.tokens", "expected the file of tokens where `bearer` is among the methods"
        if self.authentication == "certificate" and self.certificates.own == "no" and not self.certificates.authorities:
            yield "certificates.authorities", "expected CA certificates: no client certificate would be accepted"
        if self.next_issuer is not None and self.next_issuer == self.issuer:
            yield "next_issuer", "expected another issuer than this one"
        for oid in self.csr_attributes:
            if not _is_oid(oid):
                yield "csr_attributes", f"expected dotted object identifiers, found `{oid}`"


def _is_oid(text: str) -> bool:
    arcs = text.split(".")
    return (
        len(arcs) > 1
        and all(arc.isascii() and arc.isdigit() and str(int(arc)) == arc for arc in arcs)
        and (arcs[0] == "2" or (arcs[0] in "01" and int(arcs[1]) < 40))
    )
