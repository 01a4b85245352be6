"""Keys in a PKCS#11 token, by label."""

from collections.abc import Callable, Sequence
from functools import partial
from threading import Lock
from typing import NoReturn, TypeVar

import pkcs11
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    CertificateIssuerPublicKeyTypes,
)
from pkcs11 import exceptions as ck
from pkcs11.exceptions import NoSuchKey
from pkcs11.types import DecryptMixin, SignMixin

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import KeyName
from emca_daemon.randomness import RandomBytes, system_random
from emca_daemon.signers import algorithms, labels, pkcs11_decrypting, pkcs11_faults, pkcs11_objects
from emca_daemon.signers.pkcs11_decrypting import Decryption
from emca_daemon.signers.pkcs11_keys import Open, token_key
from emca_daemon.signers.pkcs11_token import Session, Token

_T = TypeVar("_T")
_ID_SIZE = 16
_SMALLEST_BUFFER = 256
"""Octets for a signature that is not RSA's: twice those of P-521."""


class Doubt:
    """Whether a token that shows no private key has none, or has forgotten the login and hides them."""

    def __init__(self) -> None:
        """One a look-up."""
        self._raised = False

    def dispel(self, session: Session) -> None:
        """Raises NoSuchKey where healing may show more; after that what is seen is believed."""
        if not self._raised and not pkcs11_objects.shows_private_keys(session):
            self._raised = True
            raise NoSuchKey("the token shows no private keys")


class TokenKeys:
    """The keys of one token; `token.signer` is the prefix of their names."""

    def __init__(self, token: Token, random: RandomBytes = system_random) -> None:
        """Nothing is opened until a key is asked for."""
        self._token = token
        self._random = random
        self._known: dict[str, CertificateIssuerPrivateKeyTypes] = {}
        self._making = Lock()

    def get(self, name: KeyName) -> CertificateIssuerPrivateKeyTypes:
        """The key, whoever made it; `id=HEX` in place of a label finds one by its CKA_ID.

        Raises Refused(NOT_FOUND), Refused(UNAVAILABLE) also for a label that several keys have, and
        Refused(ALGORITHM_REFUSED) for keys that sign no certificates.
        """
        label = self._label(name)
        key = self._known.get(label)
        if key is None:
            key = self._token.use(partial(self._describe, label, Doubt()))
            self._known[label] = key
        return key

    def generate(self, name: KeyName, algorithm: str, *, decrypts: bool = False) -> CertificateIssuerPrivateKeyTypes:
        """Make a key in the token, where it stays.

        Raises Refused(WRONG_STATE) if the label is taken and Refused(ALGORITHM_REFUSED) if the token cannot.
        """
        label = self._label(name)
        labels.check_new(label)
        algorithms.check_purpose(algorithm, decrypts)
        with self._making:  # threads of this process; for other processes see `_make`
            self._known.pop(label, None)
            self._token.use(partial(self._make, label, algorithm, decrypts))
        return self.get(name)

    def import_key(self, name: KeyName, key: CertificateIssuerPrivateKeyTypes) -> None:  # noqa: ARG002
        """Always raises Refused(NOT_PERMITTED): a key that was outside is not worth a token."""
        raise Refused(Reason.NOT_PERMITTED, f"the signer {self._token.signer!r} makes its keys itself")

    def check(self) -> str:
        """What keeps the token from working, or nothing: it must answer, and still show keys if any was used."""
        try:
            self._token.use(self._look)
        except Refused as refused:
            return refused.detail
        return ""

    def _look(self, session: Session) -> None:
        """Raises NoSuchKey where keys have gone: some modules find nothing rather than fail while the token is away."""
        if not pkcs11_objects.shows_private_keys(session) and self._known:
            raise NoSuchKey("the token shows no private keys")

    def check_decrypting(self) -> str:
        """What keeps the token's RSA keys from decrypting, or nothing, also while the token cannot be asked."""
        try:
            self._token.use(pkcs11_decrypting.demand)
        except Refused as refused:
            return refused.detail if refused.reason is Reason.ALGORITHM_REFUSED else ""
        return ""

    def list(self) -> Sequence[tuple[KeyName, str]]:
        """Every private key of the token with its algorithm, by name; `unknown` for kinds that sign nothing here."""
        return self._token.use(partial(self._describe_all, Doubt()))

    def _label(self, name: KeyName) -> str:
        """The label in a name of ours; raises Refused(NOT_FOUND)."""
        signer, label = labels.split(name)
        if signer != self._token.signer:
            raise Refused(Reason.NOT_FOUND, f"the signer {self._token.signer!r} has no key {name[:100]!r}")
        return label

    def _describe(self, label: str, doubt: Doubt, session: Session) -> CertificateIssuerPrivateKeyTypes:
        """Find a key and its public half."""
        found = pkcs11_objects.find(session, label)
        if not found:
            doubt.dispel(session)
            raise Refused(Reason.NOT_FOUND, f"the signer {self._token.signer!r} has no key {label[:100]!r}")
        if len(found) > 1:
            detail = f"the token of the signer {self._token.signer!r} has {len(found)} keys with the label {label!r}"
            raise Refused(Reason.UNAVAILABLE, f"{detail}: ask for one by `id=` and its CKA_ID")
        if not isinstance(found[0], SignMixin):
            raise Refused(Reason.ALGORITHM_REFUSED, f"the token does not let its key {label!r} sign")
        identifier = pkcs11_objects.id_of(found[0])
        public = pkcs11_objects.public_key(session, found[0])
        session.found[label, identifier] = found[0]
        size = max(_SMALLEST_BUFFER, (getattr(public, "key_size", 0) + 7) // 8)
        return token_key(
            public, partial(self._sign, label, identifier, size), self._opener(label, identifier, public, session)
        )

    def _opener(self, label: str, identifier: bytes, public: CertificateIssuerPublicKeyTypes, session: Session) -> Open:
        """What decrypts with a key."""
        key = session.found[label, identifier]
        if not isinstance(public, rsa.RSAPublicKey) or not isinstance(key, DecryptMixin):
            return partial(self._does_not_decrypt, label)
        decrypt_raw = partial(self._decrypt, label, identifier, (public.key_size + 7) // 8)
        return Decryption(public, pkcs11_decrypting.offered(session), decrypt_raw, self._random).open

    def _does_not_decrypt(self, label: str, _ciphertext: bytes, _scheme: padding.AsymmetricPadding) -> NoReturn:
        """Always raises Refused(ALGORITHM_REFUSED)."""
        raise Refused(Reason.ALGORITHM_REFUSED, f"the token does not let its key {label[:100]!r} decrypt")

    def _describe_all(self, doubt: Doubt, session: Session) -> Sequence[tuple[KeyName, str]]:
        """Name and algorithm of every key."""
        doubt.dispel(session)
        rows = []
        for key in list(pkcs11_objects.private_keys(session)):
            try:
                algorithm = algorithms.algorithm_of(pkcs11_objects.public_key(session, key))
            except Refused:
                algorithm = "unknown"
            rows.append((KeyName(f"{self._token.signer}:{pkcs11_objects.label_of(key)}"), algorithm))
        return sorted(rows)

    def _make(self, label: str, algorithm: str, decrypts: bool, session: Session) -> None:
        """Make a key pair unless there is one; of two processes that do so at once neither wins."""
        taken = Refused(Reason.WRONG_STATE, f"the signer {self._token.signer!r} already has a key {label!r}")
        if pkcs11_objects.find(session, label):
            raise taken
        if decrypts:
            pkcs11_decrypting.demand(session)
        identifier = self._random(_ID_SIZE)
        pkcs11_objects.generate(session, label, identifier, algorithm, decrypts=decrypts)
        if len(pkcs11_objects.find(session, label)) > 1:
            pkcs11_objects.destroy(session, label, identifier)
            raise taken

    def _sign(
        self, label: str, identifier: bytes, size: int, data: bytes, mechanism: pkcs11.Mechanism, parameter: object
    ) -> bytes:
        """Sign in the token with the key of that label and CKA_ID, and no other; raises Refused."""

        def work(session: Session) -> bytes:
            key = _reached(session, label, identifier)
            return key.sign(data, mechanism=mechanism, mechanism_param=parameter, buffer_size=size)

        return self._use(label, work)

    def _decrypt(
        self, label: str, identifier: bytes, size: int, data: bytes, mechanism: pkcs11.Mechanism, parameter: object
    ) -> bytes | None:
        """Decrypt in the token with the key of that label and CKA_ID; None where it does not; raises Refused."""

        def work(session: Session) -> bytes | None:
            key = _reached(session, label, identifier)
            if not isinstance(key, DecryptMixin):
                raise NoSuchKey(f"the key {label!r} decrypts no more")
            try:
                found = key.decrypt(data, mechanism=mechanism, mechanism_param=parameter, buffer_size=size)
            except ck.PKCS11Error as error:
                if pkcs11_faults.is_gone(error):
                    raise
                return None
            return found if isinstance(found, bytes) else None

        return self._use(label, work)

    def _use(self, label: str, work: Callable[[Session], _T]) -> _T:
        """Do work with a key; raises Refused."""
        try:
            return self._token.use(work)
        except Refused:
            self._known.pop(label, None)  # so that a token set up anew is looked at anew
            raise


def _reached(session: Session, label: str, identifier: bytes) -> SignMixin:
    """The key in this session; raises NoSuchKey."""
    key = session.found.get((label, identifier))
    if key is None:
        key = _same(session, label, identifier)
        session.found[label, identifier] = key
    return key


def _same(session: Session, label: str, identifier: bytes) -> SignMixin:
    """The key that was described before; raises NoSuchKey when the token has it no more, which healing may cure."""
    for key in pkcs11_objects.find(session, label):
        if isinstance(key, SignMixin) and pkcs11_objects.id_of(key) == identifier:
            return key
    raise NoSuchKey(f"the key {label!r} is gone from the token")
