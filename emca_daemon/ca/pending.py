"""Requests that wait for a person: how their facts are kept, and what approving and rejecting them does."""

import json
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import datetime
from typing import cast

from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from emca_daemon.ca.records import PendingRequest, RequestState
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, IssuerName, NameType, SubjectAttribute
from emca_daemon.policy.facts import KeyFacts, RequestedExtension, Requester, RequestFacts
from emca_daemon.policy.keys import key_facts
from emca_daemon.policy.tokens import AwaitsApproval
from emca_daemon.randomness import RandomBytes


def waiting_request(
    facts: RequestFacts,
    decision: AwaitsApproval,
    issuer: IssuerName,
    reference: str,
    now: datetime,
    random: RandomBytes,
) -> PendingRequest:
    """The row of a request that policy allows but a person must approve."""
    return PendingRequest(
        id=random(12).hex(),
        created=now,
        protocol=facts.requester.protocol,
        reference=reference,
        requester=facts.requester.identity,
        profile=decision.profile,
        summary=decision.summary,
        facts=encode_facts(facts),
        state=RequestState.WAITING,
        issuer=issuer,
    )


def decided(request: PendingRequest, state: RequestState, by: str, at: datetime, note: str = "") -> PendingRequest:
    """The request after a person's decision; raises Refused(WRONG_STATE) if it no longer waits."""
    if request.state is not RequestState.WAITING:
        raise Refused(Reason.WRONG_STATE, f"request {request.id} is {request.state.value}, not waiting")
    return replace(request, state=state, decided_by=by, decided_at=at, note=note)


def encode_facts(facts: RequestFacts) -> bytes:
    """A request's facts as JSON; the key by its SubjectPublicKeyInfo, for what is known of it is found out again."""
    requester = facts.requester
    return json.dumps(
        {
            "requester": [
                requester.protocol,
                requester.identity,
                requester.proof,
                requester.origin,
                requester.request_id,
                requester.application,
                sorted(requester.groups),
            ],
            "subject": [[one.oid, one.value, *([True] if one.joined else [])] for one in facts.subject],
            "names": [[name.type.value, name.value] for name in facts.names],
            "key": _text(facts.key.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)),
            "signature": facts.request_signature,
            "extensions": [[e.oid, e.critical, _text(e.value)] for e in facts.extensions],
            "not_before": facts.not_before and facts.not_before.isoformat(),
            "not_after": facts.not_after and facts.not_after.isoformat(),
        }
    ).encode()


def decode_facts(encoded: bytes) -> RequestFacts:
    """The inverse of `encode_facts`; what it reads, the store kept for us."""
    read = json.loads(encoded)
    protocol, identity, proof, origin, request_id, application, groups = read["requester"]
    return RequestFacts(
        requester=Requester(protocol, identity, proof, origin, request_id, application, frozenset(groups)),
        subject=tuple(SubjectAttribute(*attribute) for attribute in read["subject"]),
        names=tuple(AlternativeName(NameType(kind), value) for kind, value in read["names"]),
        key=_key(b64decode(read["key"])),
        request_signature=read["signature"],
        extensions=tuple(RequestedExtension(o, critical, b64decode(v)) for o, critical, v in read["extensions"]),
        not_before=_time(read["not_before"]),
        not_after=_time(read["not_after"]),
    )


def _key(encoded: bytes) -> KeyFacts:
    return key_facts(cast(CertificatePublicKeyTypes, load_der_public_key(encoded)))  # other kinds are refused there


def _text(value: bytes) -> str:
    return b64encode(value).decode()


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
