"""HTTP Basic (RFC 7617), credentials in UTF-8."""

import binascii
from base64 import b64decode

from emca_daemon.ca.passwords import PasswordCheck, wrong_password
from emca_daemon.protocols.http import Request
from emca_daemon.protocols.http_users import HttpUser


def challenge(realm: str) -> str:
    """What the WWW-Authenticate field says."""
    return f'Basic realm="{realm}"'


def is_tried(request: Request) -> bool:
    """Whether a request comes with a password, which takes long to verify (Argon2)."""
    return (request.header("authorization") or "").strip().partition(" ")[0].lower() == "basic"


def read_basic(token: str) -> tuple[str, str]:
    """User and password; raises Refused(NOT_AUTHENTICATED)."""
    try:
        name, colon, password = b64decode(token, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise wrong_password() from None
    if not colon or "\0" in name + password:
        raise wrong_password()
    return name, password


def verify_basic(token: str, realm: str, passwords: PasswordCheck) -> HttpUser:
    """The user; raises Refused(NOT_AUTHENTICATED)."""
    name, password = read_basic(token)
    credential = passwords.verify(realm, name, password)
    return HttpUser(credential.name, "password", credential.groups)
