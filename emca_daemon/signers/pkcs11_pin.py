"""The PIN of a token: read from its file when needed, never tried twice once refused."""

import hashlib
import hmac
from pathlib import Path

from emca_daemon.errors import Reason, Refused
from emca_daemon.settings.secrets import secret_in


class PinFile:
    """A file with a PIN."""

    def __init__(self, signer: str, path: Path) -> None:
        """`signer` is for messages."""
        self._signer = signer
        self._path = path
        self._refused = b""

    def read(self) -> str:
        """The PIN; raises Refused(UNAVAILABLE) when there is none, or when the token has refused this one.

        Tokens lock themselves after a few wrong PINs, so that a refused one is not offered again until the file has
        another.
        """
        secret = secret_in(self._path, f"the PIN of the signer {self._signer!r}")
        if hmac.compare_digest(hashlib.sha256(secret).digest(), self._refused):
            detail = f"the token of the signer {self._signer!r} has refused the PIN in {self._path}: change the file"
            raise Refused(Reason.UNAVAILABLE, detail)
        try:
            return secret.decode("utf-8")
        except UnicodeDecodeError:  # whose text would hold the PIN
            raise Refused(Reason.UNAVAILABLE, f"the PIN in {self._path} is not UTF-8 text") from None

    def refuse(self, pin: str) -> None:
        """Remember that the token said no to this one."""
        self._refused = hashlib.sha256(pin.encode("utf-8")).digest()
