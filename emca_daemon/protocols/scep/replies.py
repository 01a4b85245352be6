"""CertRep written (RFC 8894 3.3.2): attributes, envelope, signature, each in the client's own algorithms."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from emca_daemon.asn1 import cms, cms_enveloping, cms_signing, der
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.scep import messages
from emca_daemon.protocols.scep.errors import FailInfo
from emca_daemon.protocols.scep.messages import MessageType, PkiMessage
from emca_daemon.randomness import RandomBytes

NONCE_SIZE = 16
LONGEST_TEXT = 500


class Status(Enum):
    """pkiStatus (RFC 8894 3.2.1.3)."""

    SUCCESS = "0"
    FAILURE = "2"
    PENDING = "3"


@dataclass(frozen=True, slots=True)
class Granted:
    """What was asked for: certificates (or CRLs), in DER, for the envelope."""

    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A person must approve."""


@dataclass(frozen=True, slots=True)
class Denied:
    """No, and why."""

    info: FailInfo
    text: str


Outcome = Granted | Waiting | Denied


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """Whom a reply is for, and in which algorithms: the request's digest and content cipher by name.

    `password` is what an envelope is sealed with for a client whose key does not decrypt; None where there is none.
    """

    message: PkiMessage
    digest: str
    cipher: str
    password: bytes | None = None
    may_agree: bool = False
    """Whether an elliptic-curve key may be encrypted to by key agreement, where no password is known (polls)."""
    oaep: str | None = None
    """The digest of RSAES-OAEP for an RSA key; None for PKCS #1 v1.5."""


def write_reply(
    outcome: Outcome,
    to: ReplyTo,
    identity: cms_signing.SigningIdentity,
    enclosed: Sequence[bytes],
    random: RandomBytes,
) -> bytes:
    """The CertRep; `enclosed` are the certificates beside the signature (DER).

    Raises Refused(ALGORITHM_REFUSED) where nothing can be encrypted to the client, UNAVAILABLE for a key out of reach.
    """
    attributes = {
        messages.MESSAGE_TYPE: _printable(MessageType.CERT_REP.value.encode()),
        messages.TRANSACTION_ID: _printable(to.message.transaction_id),
        messages.SENDER_NONCE: der.octet_string(random(NONCE_SIZE)),
    }
    if to.message.sender_nonce is not None:
        attributes[messages.RECIPIENT_NONCE] = der.octet_string(to.message.sender_nonce)
    content = b""
    match outcome:
        case Granted():
            status = Status.SUCCESS
            bundle = cms_signing.bundle(outcome.certificates, outcome.crls)
            content = cms_enveloping.envelop(bundle, [recipient_of(to)], to.cipher, random)
        case Waiting():
            status = Status.PENDING
        case Denied():
            status = Status.FAILURE
            attributes[messages.FAIL_INFO] = _printable(outcome.info.value.encode())
            attributes[messages.FAIL_INFO_TEXT] = der.tlv(0x0C, outcome.text[:LONGEST_TEXT].encode())
    attributes[messages.PKI_STATUS] = _printable(status.value.encode())
    return cms_signing.sign_data(content, identity, digest_name=to.digest, attributes=attributes, certificates=enclosed)


def recipient_of(to: ReplyTo) -> cms_enveloping.ToCertificate | cms_enveloping.ToPassword:
    """How the client is reached: its RSA key, else the challenge password (RFC 8894 3.1); else badAlg."""
    kind = cms_kind(to.message)
    if kind == "rsa" or (kind == "ec" and to.may_agree and not to.password):
        return cms_enveloping.ToCertificate(to.message.certificate, oaep=to.oaep)
    if to.password:
        return cms_enveloping.ToPassword(to.password)
    raise Refused(
        Reason.ALGORITHM_REFUSED,
        "nothing can be encrypted to the client: its key is no RSA key and it sent no password",
    )


def cms_kind(message: PkiMessage) -> str:
    """`rsa`, `ec` or `other`: what can be done with the signer's key."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if isinstance(message.key, rsa.RSAPublicKey):
        return "rsa"
    return "ec" if isinstance(message.key, ec.EllipticCurvePublicKey) else "other"


def next_ca_message(
    certificates: Sequence[bytes], identity: cms_signing.SigningIdentity, enclosed: Sequence[bytes]
) -> bytes:
    """GetNextCACert's answer: a bundle, signed by who answers now (RFC 8894 4.7.1)."""
    return cms_signing.sign_data(
        cms_signing.bundle(certificates), identity, content_type=cms.DATA, certificates=enclosed
    )


def _printable(text: bytes) -> bytes:
    return der.tlv(0x13, text)
