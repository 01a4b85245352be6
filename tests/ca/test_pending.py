"""Requests that wait for a person, as values."""

from dataclasses import replace
from datetime import timedelta

import pytest

from emca_daemon.ca.pending import decided, decode_facts, encode_facts, waiting_request
from emca_daemon.ca.records import RequestState
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import IssuerName, ProfileName, SubjectAttribute
from emca_daemon.policy.facts import RequestedExtension, RequestFacts
from emca_daemon.policy.tokens import AwaitsApproval
from tests.support.ca_world import BY, START, server_request

FACTS = replace(
    server_request("a.example.test", requester=replace(BY, groups=frozenset({"x", "y"}), application="z")),
    subject=(SubjectAttribute("2.5.4.3", "a"), SubjectAttribute("2.5.4.5", "1", joined=True)),
    extensions=(RequestedExtension("1.3.6.1.5.5.7.1.24", False, b"\x30\x03\x02\x01\x05"),),
    not_before=START,
    not_after=START + timedelta(days=3),
)


@pytest.mark.parametrize("facts", [FACTS, replace(FACTS, not_before=None, not_after=None)])
def test_facts_survive_the_store(facts: RequestFacts) -> None:
    """What is written down comes back the same, relative names included."""
    read = decode_facts(encode_facts(facts))
    assert read == facts
    assert [one.joined for one in read.subject] == [False, True]


def test_a_decision_is_made_once() -> None:
    """Waiting becomes approved or rejected; anything else is refused."""
    awaits = AwaitsApproval(ProfileName("p"), "a summary")
    request = waiting_request(FACTS, awaits, IssuerName("i"), "ref", START, bytes)
    assert (request.state, request.reference, request.summary) == (RequestState.WAITING, "ref", "a summary")
    approved = decided(request, RequestState.APPROVED, "alice", START, "fine")
    assert (approved.decided_by, approved.note) == ("alice", "fine")
    with pytest.raises(Refused) as refused:
        decided(approved, RequestState.REJECTED, "bob", START)
    assert refused.value.reason is Reason.WRONG_STATE
