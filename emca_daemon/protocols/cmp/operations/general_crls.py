"""CRLs for those who ask for them by CMP (RFC 9483 4.3.4): ours alone, nothing is ever fetched."""

from collections.abc import Sequence
from datetime import datetime

from emca_daemon.asn1.cmp import name_in
from emca_daemon.asn1.cmp_content import CrlStatus
from emca_daemon.asn1.cmp_status import FailInfo
from emca_daemon.asn1.distinguished_names import subject_of
from emca_daemon.asn1.names import name_to_subject
from emca_daemon.asn1.values import content_parts, encoded
from emca_daemon.ca.authorities import Authority
from emca_daemon.ca.records import IssuedCrl
from emca_daemon.errors import Refused
from emca_daemon.protocols.cmp.authentication import failure
from emca_daemon.protocols.cmp.calls import Call

_POINT, _ISSUER = 0xA0, 0xA1
_FULL_NAME = 0xA0
_DIRECTORY_NAME, _ADDRESS = 0xA4, 0x86


def current_crl(call: Call) -> bytes | None:
    """The newest CRL of the endpoint's issuer; None before there is one."""
    with call.endpoint.store.reading() as tx:
        latest = tx.crls.latest(call.endpoint.settings.issuer)
    return None if latest is None else latest.der


def newer_crls(call: Call, statuses: Sequence[CrlStatus]) -> list[bytes]:
    """The CRL that is asked for, if there is a newer one than the client has; raises Failure."""
    if len(statuses) != 1:
        raise failure(FailInfo.BAD_REQUEST, "one CRL is asked for in a message")
    (status,) = statuses
    authority = _authority(call, status.source)
    if authority is None:
        return []
    with call.endpoint.store.reading() as tx:
        latest = tx.crls.latest(authority.name)
    return [latest.der] if latest is not None and _is_newer(latest, status.this_update) else []


def _is_newer(latest: IssuedCrl, known: datetime | None) -> bool:
    return known is None or latest.this_update > known


def _authority(call: Call, source: bytes) -> Authority | None:
    """The issuer of ours that publishes there, or that is called so."""
    try:
        names, addresses = _named(source)
    except Refused as refusal:
        raise failure(FailInfo.BAD_REQUEST, refusal.detail) from refusal
    for authority in call.endpoint.authorities.known():
        if name_to_subject(authority.certificate.subject) in names:
            return authority
        if addresses.intersection(authority.publication.crl_urls):
            return authority
    return None


def _named(source: bytes) -> tuple[list[object], set[str]]:
    """Distinguished names and addresses in a CRLSource."""
    (choice,) = content_parts(source, "CRLSource")
    parts = content_parts(bytes(choice.data), "CRLSource")
    if choice.tag_bytes[0] == _POINT and parts and parts[0].tag_bytes[0] == _FULL_NAME:
        parts = content_parts(bytes(parts[0].data), "DistributionPointName")
    elif choice.tag_bytes[0] == _ISSUER and parts and parts[0].tag_bytes[0] == 0x30:
        parts = content_parts(bytes(parts[0].data), "GeneralNames")
    whole = [encoded(part) for part in parts]
    names = [subject_of(name) for one in whole if one[0] == _DIRECTORY_NAME and (name := name_in(one)) is not None]
    addresses = {part.data.tobytes().decode("latin-1") for part in parts if part.tag_bytes[0] == _ADDRESS}
    return list(names), addresses
