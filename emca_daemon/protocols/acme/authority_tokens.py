"""Authority tokens: JWTs by which an authority says what an account may have certified (RFC 9447, RFC 9448)."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from josepy.jwk import JWKEC, JWKRSA

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.account_keys import AccountKey, algorithm_of, check_signature
from emca_daemon.protocols.acme.algorithms import JWKOKP
from emca_daemon.protocols.json_text import read_base64url, read_object

LONGEST = timedelta(days=731)
"""How long a token may still be good."""

MOST_CHARACTERS = 65_536
_SKEW = timedelta(minutes=1)
_LAST = 253_402_300_799
_MOST_JTI = 512


@dataclass(frozen=True, slots=True)
class TokenAuthority:
    """An authority that is trusted: the certificate of the key that signs, and what its tokens say of themselves."""

    name: str
    certificate: x509.Certificate
    x5u: str | None = None
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class AuthorityToken:
    """What a token says, its signature and its times found right; the last four members are those of `atc`."""

    authority: str
    id: str
    expires: datetime
    kind: str
    value: str
    ca: bool
    fingerprint: str


def read_token(text: str, authorities: Iterable[TokenAuthority], now: datetime) -> AuthorityToken:
    """Read and verify a token in the compact form.

    Raises Refused: MALFORMED, ALGORITHM_REFUSED, BAD_INTEGRITY, and NOT_PERMITTED for authorities that are not
    trusted and for tokens out of their time.
    """
    parts = text.split(".")
    if len(text) > MOST_CHARACTERS or len(parts) != 3:
        raise Refused(Reason.MALFORMED, "the token is not a JWT of three parts")
    header = read_object(read_base64url(parts[0], "the token's header"), "the token's header")
    claims = read_object(read_base64url(parts[1], "the token's payload"), "the token's payload")
    signature = read_base64url(parts[2], "the token's signature")
    if "crit" in header or "b64" in header:
        raise Refused(Reason.MALFORMED, "the token's header has a critical extension")
    algorithm = algorithm_of(header.get("alg"))
    authority = _authority(header, claims, tuple(authorities))
    if not authority.certificate.not_valid_before_utc <= now <= authority.certificate.not_valid_after_utc:
        raise Refused(Reason.NOT_PERMITTED, "the certificate of the token's authority is out of its time")
    check_signature(algorithm, _key_of(authority.certificate), f"{parts[0]}.{parts[1]}".encode(), signature)
    return _token(authority, claims, now)


def names_key(fingerprint: str, key: AccountKey) -> bool:
    """Whether a fingerprint (`SHA256 AB:CD...`) is an account key's.

    Both are taken that are in use: SHA-256 over the SubjectPublicKeyInfo, and that of the key's thumbprint.
    """
    algorithm, _, digits = fingerprint.partition(" ")
    try:
        given = bytes.fromhex(digits.replace(":", ""))
    except ValueError:
        return False
    thumbprint = read_base64url(key.thumbprint, "the thumbprint")
    known = compare_digest(given, key.fingerprint) or compare_digest(given, thumbprint)
    return algorithm.upper() in {"SHA256", "SHA-256"} and known


def _authority(
    header: Mapping[str, object], claims: Mapping[str, object], authorities: tuple[TokenAuthority, ...]
) -> TokenAuthority:
    """Whose token it says it is: by its certificate, the certificate's address, or by `iss` where it has neither."""
    issuer = claims.get("iss")
    for one in authorities:
        if "x5c" in header:
            meant = _leaf(header["x5c"]) == one.certificate.public_bytes(Encoding.DER)
        elif "x5u" in header:
            meant = one.x5u is not None and header["x5u"] == one.x5u
        else:
            meant = one.issuer is not None and issuer == one.issuer
        if meant and (issuer is None or one.issuer is None or issuer == one.issuer):
            return one
    raise Refused(Reason.NOT_PERMITTED, "the token is of no authority that is trusted here")


def _leaf(chain: object) -> bytes:
    if not isinstance(chain, list) or not chain or not isinstance(chain[0], str):
        raise Refused(Reason.MALFORMED, "the token's `x5c` is not a list of certificates")
    try:
        return b64decode(chain[0], validate=True)
    except (NotBase64, ValueError):
        raise Refused(Reason.MALFORMED, "the token's `x5c` is not base64") from None


def _key_of(certificate: x509.Certificate) -> AccountKey:
    key = certificate.public_key()
    if isinstance(key, EllipticCurvePublicKey):
        return AccountKey(JWKEC(key=key), "")
    if isinstance(key, RSAPublicKey):
        return AccountKey(JWKRSA(key=key), "")
    if isinstance(key, JWKOKP.cryptography_key_types):
        return AccountKey(JWKOKP(key=key), "")
    raise Refused(Reason.ALGORITHM_REFUSED, "the key of the token's authority is of a kind that signs no tokens")


def _token(authority: TokenAuthority, claims: Mapping[str, object], now: datetime) -> AuthorityToken:
    expires, begins = _time(claims, "exp"), _time(claims, "nbf") if "nbf" in claims else now
    if not now < expires <= now + LONGEST or begins > now + _SKEW:
        raise Refused(Reason.NOT_PERMITTED, "the token has run out, is not good yet, or is good for too long")
    identifier, atc = claims.get("jti"), claims.get("atc")
    if not isinstance(identifier, str) or not 0 < len(identifier) <= _MOST_JTI:
        raise Refused(Reason.MALFORMED, "the token's `jti` is missing, or no text")
    if not isinstance(atc, Mapping):
        raise Refused(Reason.MALFORMED, "the token's `atc` is missing, or no object")
    kind, value, fingerprint = (atc.get(name) for name in ("tktype", "tkvalue", "fingerprint"))
    ca = atc.get("ca", False)
    if not (isinstance(kind, str) and isinstance(value, str) and isinstance(fingerprint, str) and isinstance(ca, bool)):
        raise Refused(Reason.MALFORMED, "the token's `atc` has not the members of RFC 9447")
    return AuthorityToken(authority.name, identifier, expires, kind, value, ca, fingerprint)


def _time(claims: Mapping[str, object], name: str) -> datetime:
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= _LAST:
        raise Refused(Reason.MALFORMED, f"the token's `{name}` is missing, or no time")
    return datetime.fromtimestamp(value, UTC)
