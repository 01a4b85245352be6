"""A person's yes and no."""

from dataclasses import replace

import pytest

from emca_daemon.ca.records import RequestState, RevocationReason
from emca_daemon.errors import Pending, Reason, Refused
from emca_daemon.names import ProfileName
from tests.support.ca_world import BY, ISSUING, World, server_request

SERVER = ProfileName("tls-server")


@pytest.fixture
def world() -> World:
    """A CA whose server profile waits for a person."""
    profiles = World().profiles
    profiles[SERVER] = replace(profiles[SERVER], approval="manual")
    return World(profiles).with_issuers()


def wait(world: World) -> str:
    """The id of a request that waits."""
    outcome = world.enrollment.enroll(server_request("a.example.test"), SERVER, issuer=ISSUING, reference="r")
    assert isinstance(outcome, Pending)
    return outcome.request_id


def test_approving_issues_and_ties_the_request_to_its_certificate(world: World) -> None:
    """The request knows issuer and serial, the chain who approved; a second approval is refused."""
    request_id = wait(world)
    issued = world.approval.approve(request_id, BY, "known host")
    with world.store.reading() as tx:
        request = tx.pending.get(request_id)
    assert request
    assert (request.state, request.serial) == (RequestState.ISSUED, issued.record.intent.serial)
    assert world.actions()[-2:] == [("request.approve", "success"), ("certificate.issue", "success")]
    with pytest.raises(Refused) as refused:
        world.approval.approve(request_id, BY)
    assert refused.value.reason is Reason.WRONG_STATE


def test_nobody_approves_nothing(world: World) -> None:
    """Without an identity nor rejects; the request is left as it was, for a person to decide on."""
    request_id = wait(world)
    for decide in (world.approval.approve, world.approval.reject):
        with pytest.raises(Refused) as refused:
            decide(request_id, replace(BY, identity=""))
        assert refused.value.reason is Reason.NOT_PERMITTED
    with world.store.reading() as tx:
        request = tx.pending.get(request_id)
    assert request
    assert (request.state, request.decided_by) == (RequestState.WAITING, "")
    world.approval.approve(request_id, BY)


def test_rejecting_is_for_good(world: World) -> None:
    """A rejected request cannot be approved."""
    request_id = wait(world)
    assert world.approval.reject(request_id, BY, "unknown host").state is RequestState.REJECTED
    assert world.actions()[-1] == ("request.reject", "success")
    with pytest.raises(Refused):
        world.approval.approve(request_id, BY)


def test_an_unknown_request_is_refused(world: World) -> None:
    """There is nothing to approve."""
    with pytest.raises(Refused) as refused:
        world.approval.approve("none", BY)
    assert refused.value.reason is Reason.NOT_FOUND


def test_policy_is_asked_again(world: World) -> None:
    """When issuing has become impossible the request fails, with the reason."""
    request_id = wait(world)
    world.hierarchy.revoke(ISSUING, RevocationReason.KEY_COMPROMISE, BY)
    with pytest.raises(Refused):
        world.approval.approve(request_id, BY)
    with world.store.reading() as tx:
        request = tx.pending.get(request_id)
    assert request
    assert request.state is RequestState.FAILED
    assert "revoked" in request.note
