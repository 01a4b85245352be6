"""What ACME writes down: plain values that the store keeps as rows (RFC 8555 7.1)."""

from dataclasses import dataclass, field
from datetime import datetime

from emca_daemon.names import AlternativeName, IssuerName, SerialNumber
from emca_daemon.protocols.acme.states import AccountStatus, AuthorizationStatus, ChallengeStatus, OrderStage


@dataclass(frozen=True, slots=True)
class Account:
    """An account of one endpoint.

    `jwk` is the public key as canonical JSON, `thumbprint` its RFC 7638 SHA-256 thumbprint in base64url,
    `key_fingerprint` SHA-256 over the SubjectPublicKeyInfo; `terms` the address of the terms agreed to; `binding` the
    key of the external account it belongs to, and `binding_request` the JWS (JSON text) that said so;
    `former_thumbprints` those of the keys before the present one, newest first.
    """

    id: str
    endpoint: str
    status: AccountStatus
    jwk: str
    thumbprint: str
    key_fingerprint: bytes
    contacts: tuple[str, ...]
    terms_agreed: bool
    created: datetime
    terms: str | None = None
    binding: str | None = None
    binding_request: str | None = None
    former_thumbprints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binding:
    """A key that ties new accounts to an account known from elsewhere, and what those may do (RFC 8555 7.3.4).

    `id` is the key identifier, `endpoint` where it may be used (None: everywhere), `secret` the MAC key. `names` are
    patterns for what may be ordered (empty: anything), `proved_names` for what needs no challenge, `profiles` the
    ACME profiles that may be asked for (empty: any, and none).
    """

    id: str
    endpoint: str | None
    secret: bytes = field(repr=False)
    created: datetime
    note: str = ""
    expires: datetime | None = None
    revoked: datetime | None = None
    uses: int = 0
    most_uses: int | None = None
    names: tuple[str, ...] = ()
    proved_names: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delegation:
    """What an account may order on behalf of others (RFC 9115): `csr_template` is JSON text.

    `cname_map` has the alias of a name, for names that clients should know one of.
    """

    id: str
    account_id: str
    csr_template: str
    created: datetime
    cname_map: tuple[tuple[str, str], ...] = ()
    note: str = ""
    revoked: datetime | None = None


@dataclass(frozen=True, slots=True)
class RenewalPlan:
    """That an issuer's certificates, those of one profile or all, made before `created`, are to be renewed.

    Clients are shown the window from `begins` to `ends` instead of a later one; `explanation` is a page for people.
    """

    id: str
    issuer: IssuerName
    profile: str | None
    reason: str
    explanation: str | None
    begins: datetime
    ends: datetime
    created: datetime
    cancelled: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """What is known of a key before it is certified or used: `blocked` since somebody proved to have it, too."""

    of_account: bool
    blocked: bool


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to prove control of an identifier.

    `errors` holds a problem document (JSON text) for each failed attempt, oldest first; `next_attempt` is when a
    processing challenge is due, `lease_until` how long `lease_holder` alone may validate it.
    """

    id: str
    authorization_id: str
    type: str
    token: str
    status: ChallengeStatus
    validated: datetime | None = None
    errors: tuple[str, ...] = ()
    attempts: int = 0
    next_attempt: datetime | None = None
    lease_holder: str = ""
    lease_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Authorization:
    """That an account may, or may not yet, have certificates for an identifier.

    `identifier` never has the `*.` of a wildcard; `wildcard` says that the order asked for one; `subdomains` that it
    is good for every name beneath, too (RFC 9444). `method` is the challenge by which it was `proved`, and when;
    `attested_key` is SHA-256 over the only key's SubjectPublicKeyInfo for which it is good.
    """

    id: str
    endpoint: str
    account_id: str
    identifier: AlternativeName
    wildcard: bool
    status: AuthorizationStatus
    expires: datetime
    created: datetime
    challenges: tuple[Challenge, ...] = ()
    method: str | None = None
    proved: datetime | None = None
    subdomains: bool = False
    attested_key: bytes | None = None

    @property
    def name(self) -> AlternativeName:
        """The identifier as an order writes it, with its `*.`."""
        if not self.wildcard:
            return self.identifier
        return AlternativeName(self.identifier.type, "*." + self.identifier.value)


@dataclass(frozen=True, slots=True)
class OrderAuthorization:
    """What an order must know of one of its authorizations."""

    id: str
    status: AuthorizationStatus
    expires: datetime
    proved: datetime | None = None
    asks_caa: bool = False
    """Whether CAA cannot have been asked when it was proved: for names beneath it, or by an external account."""
    attested_key: bytes | None = None
    """The fingerprint of the only key for which it is good."""


@dataclass(frozen=True, slots=True)
class Order:
    """A request for a certificate; `stage` is what is stored, the status is derived (`states.order_status`).

    `csr_hash` is SHA-256 over the CSR with which it was finalized (empty before); `error` a problem document as JSON
    text (empty when there is none); `issuer` and `serial` are set from the intent on. `profile` is the ACME profile
    asked for, `replaces` the certificate that this one is to replace, as RFC 9773 4.1 writes it, `auto_renewal` the
    terms of automatic renewal (RFC 8739) as JSON text, `delegation` the id of the one by which it was placed, and
    `open_to_all` says that everybody may download the certificate (RFC 9115).
    """

    id: str
    endpoint: str
    account_id: str
    stage: OrderStage
    names: tuple[AlternativeName, ...]
    authorizations: tuple[OrderAuthorization, ...]
    expires: datetime
    created: datetime
    not_before: datetime | None = None
    not_after: datetime | None = None
    error: str = ""
    csr_hash: bytes = b""
    issuer: IssuerName | None = None
    serial: SerialNumber | None = None
    profile: str | None = None
    replaces: str | None = None
    auto_renewal: str | None = None
    delegation: str | None = None
    open_to_all: bool = False


@dataclass(frozen=True, slots=True)
class StarOrder:
    """An order that is renewed automatically: its CSR, the present certificate, and what comes next (RFC 8739).

    `begins` is when the first certificate's time began, `next_issue` when the next one is due (None: never).
    """

    order_id: str
    csr: bytes
    issuer: IssuerName
    serial: SerialNumber
    begins: datetime
    next_issue: datetime | None


@dataclass(frozen=True, slots=True)
class AwaitedOrder:
    """A finalized order that waits until CAA was asked again: its CSR, when that is due, how often it was tried."""

    order_id: str
    csr: bytes
    due: datetime
    attempts: int = 0
