"""What the registration API reads and writes: devices and challenges as JSON objects."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from emca_daemon.asn1.names import subject_to_name
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.scep.challenge_records import Challenge, Device
from emca_daemon.protocols.scep.provisioning import Made
from emca_daemon.protocols.scep.terms import Terms, read_lifetime, read_names, read_subject

Document = dict[str, object]

DEVICE_MEMBERS: Final = ("manufacturer", "model", "device_id")
_TERMS: Final = ("expires_in", "uses", "names", "note")


def read_device(document: Mapping[str, object]) -> tuple[str, str, str, Terms]:
    """Manufacturer, model, device id, and the terms of the challenge; raises Refused(MALFORMED)."""
    _check_members(document, (*DEVICE_MEMBERS, *_TERMS))
    manufacturer, model, device_id = (_text(document, name) for name in DEVICE_MEMBERS)
    if manufacturer is None or model is None or device_id is None:
        raise _malformed(f"expected the members {', '.join(DEVICE_MEMBERS)}")
    return manufacturer, model, device_id, _terms(document)


def read_device_terms(document: Mapping[str, object]) -> Terms:
    """The terms of another challenge for a device; raises Refused(MALFORMED)."""
    _check_members(document, _TERMS)
    return _terms(document)


def read_challenge(document: Mapping[str, object]) -> Terms:
    """The terms of a challenge for anybody; raises Refused(MALFORMED)."""
    _check_members(document, ("subject", *_TERMS))
    return _terms(document, subject=_text(document, "subject"))


def _terms(document: Mapping[str, object], subject: str | None = None) -> Terms:
    uses, names = document.get("uses", 1), document.get("names")
    if not isinstance(uses, int) or isinstance(uses, bool):
        raise _malformed("expected a whole number for `uses`")
    if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise _malformed("expected a list of texts for `names`")
    return Terms(
        lifetime=read_lifetime(_text(document, "expires_in")),
        uses=uses,
        subject=read_subject(subject),
        names=None if names is None else read_names(names),
        note=_text(document, "note") or "",
    )


def device_document(device: Device, challenge: Challenge | None) -> Document:
    """A device and how its latest challenge stands."""
    return {
        "id": device.id,
        "manufacturer": device.manufacturer,
        "model": device.model,
        "device_id": device.device_id,
        "made_by": device.made_by,
        "created": _time(device.created),
        "note": device.note,
        "challenge": None if challenge is None else challenge_document(challenge),
    }


def challenge_document(challenge: Challenge) -> Document:
    """A challenge without its secret."""
    subject, names = challenge.subject, challenge.names
    return {
        "id": challenge.id,
        "source": challenge.source,
        "made_by": challenge.made_by,
        "created": _time(challenge.created),
        "expires": _time(challenge.expires),
        "revoked": None if challenge.revoked is None else _time(challenge.revoked),
        "uses": challenge.uses,
        "most_uses": challenge.most_uses,
        "subject": None if subject is None else subject_to_name(subject).rfc4514_string(),
        "names": None if names is None else sorted(map(str, names)),
        "note": challenge.note,
    }


def made_document(made: Made) -> Document:
    """A new challenge with its secret."""
    return {**challenge_document(made.challenge), "secret": made.secret}


def _check_members(document: Mapping[str, object], known: tuple[str, ...]) -> None:
    unknown = sorted(document.keys() - set(known))
    if unknown:
        raise _malformed(f"unknown members; known here: {', '.join(known)}")


def _text(document: Mapping[str, object], name: str) -> str | None:
    value = document.get(name)
    if not isinstance(value, str | None):
        raise _malformed(f"expected a text for `{name}`")
    return value


def _time(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _malformed(detail: str) -> Refused:
    return Refused(Reason.MALFORMED, detail)
