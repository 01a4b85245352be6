"""Whether a mail is from the domain that it says: the verdict of the mail server in front of us (RFC 8823 3.2).

The server that took the mail from the Internet has looked up and verified DKIM and DMARC (RFC 6376, RFC 7489) and says
so in Authentication-Results (RFC 8601). What it does not say is read off the signatures: what they cover.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.acme.mail_reading import Fields

SIGNED_FIELDS = ("from", "to", "subject", "in-reply-to")
"""What the signature must cover; the other fields that RFC 8823 lists count for nothing here."""

_MAX_RESULTS = 50
_COMMENT = re.compile(r"\((?:[^()\\]|\\.)*\)")
_RESULT = re.compile(r"\s*([a-z0-9-]+)\s*(?:/\s*1\s*)?=\s*([a-z]+)\b(.*)", re.DOTALL | re.IGNORECASE)
_PROPERTY = re.compile(r'([a-z0-9-]+)\.([a-z0-9_-]+)\s*=\s*("[^"]*"|[^\s;"]+)', re.IGNORECASE)
_TAG = re.compile(r"\s*([a-z]+)\s*=\s*(.*?)\s*", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Result:
    """One method's result: `dkim`, `dmarc` ...; the properties as `header.d`."""

    method: str
    result: str
    properties: dict[str, str]


def signing_domain(fields: Fields, authserv_id: str, domain: str, *, dmarc: bool) -> str:
    """The domain whose DKIM signature speaks for mail from `domain`; raises Refused(NOT_AUTHENTICATED).

    It is that very domain (3.2). With `dmarc` DMARC must have passed; a failure of it counts in any case, so that
    a field that was smuggled in does not outweigh the true one.
    """
    results = list(_results(fields, authserv_id))
    if not results:
        raise _refusal(f"{authserv_id} has no verdict on the mail")
    verdicts = [one.result for one in results if one.method == "dmarc"]
    if any(verdict not in {"pass", "none"} for verdict in verdicts) or (dmarc and set(verdicts) != {"pass"}):
        raise _refusal(f"the mail does not pass DMARC for {domain}")
    passed = (
        one.properties.get("header.d", one.properties.get("header.i", "").rpartition("@")[2])
        for one in results
        if one.method == "dkim" and one.result == "pass"
    )
    if domain in passed and _covers(fields, domain):
        return domain
    raise _refusal(f"no DKIM signature of {domain} that covers {', '.join(SIGNED_FIELDS)} has passed")


def _results(fields: Fields, authserv_id: str) -> Iterator[Result]:
    """What the server of that name found."""
    left = _MAX_RESULTS
    for value in fields.all("authentication-results"):
        identity, *entries = _without_comments(value).split(";")
        if identity.split()[:1] != [authserv_id]:
            continue
        for entry in entries[:left]:
            match = _RESULT.fullmatch(entry)
            if match is not None:
                found = _PROPERTY.findall(match[3])
                properties = {f"{kind}.{name}".lower(): text.strip('"').lower() for kind, name, text in found}
                yield Result(match[1].lower(), match[2].lower(), properties)
        left -= len(entries[:left])


def _without_comments(value: str) -> str:
    for _ in range(5):
        shorter = _COMMENT.sub(" ", value)
        if shorter == value:
            break
        value = shorter
    return value


def _covers(fields: Fields, signer: str) -> bool:
    """Whether every signature of that domain covers what must be covered, and the whole body."""
    signatures = [_tags(value) for value in fields.all("dkim-signature")]
    own = [tags for tags in signatures if tags.get("d", "").lower() == signer]
    return bool(own) and all("l" not in tags and _signed(tags) >= set(SIGNED_FIELDS) for tags in own)


def _signed(tags: dict[str, str]) -> set[str]:
    return {name.strip().lower() for name in tags.get("h", "").split(":")}


def _tags(value: str) -> dict[str, str]:
    """The tags of a DKIM-Signature (RFC 6376 3.2)."""
    matches = [_TAG.fullmatch(part) for part in value.split(";")]
    return {match[1].lower(): match[2] for match in matches if match is not None}


def _refusal(detail: str) -> Refused:
    return Refused(Reason.NOT_AUTHENTICATED, detail)
