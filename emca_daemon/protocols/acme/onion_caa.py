"""CAA records of hidden services, signed by their keys and sent with the order (RFC 9799 6.4); nothing asks Tor."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature

from emca_daemon.errors import Reason
from emca_daemon.names import AlternativeName
from emca_daemon.protocols.acme.caa import Asking, judge_caa
from emca_daemon.protocols.acme.errors import AcmeRefusal, Problem, malformed, unauthorized
from emca_daemon.protocols.acme.onion import is_onion, service_key, service_of
from emca_daemon.protocols.json_text import read_base64url

LONGEST = timedelta(hours=8, minutes=15)
"""How long a record set may still be good: eight hours, and what clients add so that their clocks are not told."""

MOST_TEXT = 65_536
"""The longest record set that is read, in characters."""

_LAST = 253_402_300_799
_LINE = re.compile(r'caa (\d{1,3}) ([A-Za-z0-9]{1,255}) (?:"((?:[^"\\\x00-\x1f\x7f]|\\["\\])*)"|([!#-\[\]-~]+))')
_ESCAPED = re.compile(r'\\(["\\])')


def check_onion_caa(
    given: object, names: Iterable[AlternativeName], asking: Callable[[AlternativeName], Asking], now: datetime
) -> None:
    """Raises unless the records sent for every name beneath `onion` let us issue; `given` is the member `onionCAA`.

    Refusals are onionCAARequired where a record set is missing, malformed, unauthorized for one that is not signed by
    its service or out of its time, and caa. Names elsewhere are not looked at.
    """
    wanted = [name for name in names if is_onion(name)]
    if not wanted:
        return
    if given is not None and not isinstance(given, Mapping):
        raise malformed("the member `onionCAA` is not an object")
    sets = {str(key).lower(): value for key, value in (given or {}).items()}
    for name in wanted:
        service = service_of(name)
        if service not in sets:
            detail = f"the member `onionCAA` has no CAA record set of {service}, and none is fetched through Tor"
            raise AcmeRefusal(Problem("onionCAARequired", detail), reason=Reason.NOT_PERMITTED)
        records = read_records(_signed_text(sets[service], name, now))
        problem = judge_caa(service, records, asking(name))
        if problem is not None:
            raise AcmeRefusal(problem, reason=Reason.NOT_PERMITTED)


def read_records(text: str) -> tuple[bytes, ...]:
    """The data of the records in lines as a service's descriptor has them (RFC 9799 6); raises malformed."""
    return tuple(_record(line.removesuffix("\r")) for line in text.split("\n") if line.strip())


def _record(line: str) -> bytes:
    found = _LINE.fullmatch(line)
    if found is None or int(found[1]) > 255:
        raise malformed(f"a CAA record is written as `caa FLAGS TAG VALUE`, not `{line[:80]}`")
    value = found[4] if found[3] is None else _ESCAPED.sub(r"\1", found[3])
    return bytes([int(found[1]), len(found[2])]) + found[2].encode() + value.encode()


def _signed_text(given: object, name: AlternativeName, now: datetime) -> str:
    """The record set, empty where there are no records, once its signature and its time were found right."""
    service = service_of(name)
    if not isinstance(given, Mapping):
        raise malformed(f"the CAA record set of {service} is not an object")
    text, expiry = given.get("caa"), given.get("expiry")
    if "caa" not in given or not isinstance(text, str | None) or len(text or "") > MOST_TEXT:
        raise malformed(f"the `caa` of {service} is neither a text of at most {MOST_TEXT} characters nor null")
    if not isinstance(expiry, int) or isinstance(expiry, bool) or not 0 <= expiry <= _LAST:
        raise malformed(f"the `expiry` of {service} is no time")
    signed = f"onion-caa|{expiry}|{text or ''}".encode()
    try:
        service_key(name).verify(_signature(given.get("signature"), service), signed)
    except InvalidSignature:
        raise unauthorized(f"the CAA record set of {service} is not signed by its key") from None
    until = datetime.fromtimestamp(expiry, UTC)
    if not now < until <= now + LONGEST:
        raise unauthorized(f"the CAA record set of {service} has run out, or is good for longer than eight hours")
    return text or ""


def _signature(given: object, service: str) -> bytes:
    """Base64url, with or without padding: the RFC's own example has some."""
    return read_base64url(given.rstrip("=") if isinstance(given, str) else given, f"the `signature` of {service}")
