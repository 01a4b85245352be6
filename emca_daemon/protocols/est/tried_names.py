"""Whom a login that was refused wanted to be, for the audit chain."""

from base64 import b64decode
from typing import Final

from emca_daemon.errors import Refused
from emca_daemon.protocols.est.digest import user_name
from emca_daemon.protocols.http_parameters import read_authorization, read_parameters

LONGEST: Final = 255


def tried_name(field: str) -> str:
    """The user that Basic or Digest names, proved by nothing; empty where nobody is named.

    At most `LONGEST` characters, of which those that cannot be printed are written as escapes.
    """
    try:
        name = _named(*read_authorization(field))
    except (Refused, ValueError):
        return ""
    shown = (one if one.isprintable() else ascii(one)[1:-1] for one in name[:LONGEST])
    return "".join(shown)[:LONGEST]


def _named(scheme: str, rest: str) -> str:
    if scheme == "digest":
        return user_name(read_parameters(rest))
    if scheme != "basic":
        return ""
    name, colon, _ = b64decode(rest, validate=True).decode(errors="backslashreplace").partition(":")
    return name if colon else ""
