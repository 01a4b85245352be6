"""One request on its way."""

from base64 import b64encode

from emca_daemon.asn1 import der
from emca_daemon.protocols.est.calls import ANONYMOUS_REFUSALS
from emca_daemon.protocols.http import Peer
from emca_daemon.settings.est import EstHttpSettings
from tests.support.est_world import EstWorld, basic, request, settings


def test_types_matter_where_they_should() -> None:
    """415 on a strict label; a lenient one reads what it is sent."""
    world = EstWorld()
    world.label(settings(strict_types=True), "strict")
    world.label()
    body = b64encode(request())
    headers = {"authorization": basic(), "content-type": "text/plain"}
    assert world.send("simpleenroll", body, headers=headers).status == 200
    assert world.send("strict/simpleenroll", body, headers=headers).status == 415
    assert world.enroll(body, "strict/simpleenroll").status == 200


def test_too_many_requests_are_refused() -> None:
    """429 with Retry-After; the audit chain is told of the first one too many only."""
    world = EstWorld()
    world.label(settings(requests_per_minute=2))
    body = b64encode(request(name="device-1"))
    assert [world.enroll(body).status for _ in range(2)] == [200, 200]
    before = len(world.actions())
    refused = [world.enroll(body) for _ in range(3)]
    assert [one.status for one in refused] == [429] * 3
    assert refused[0].header("retry-after") == "60"
    assert world.actions()[before:] == [("est.request", "refused")]
    world.clock.advance(minutes=1)
    assert world.enroll(body).status == 200


def test_where_names_are_wanted_the_common_name_is_one() -> None:
    """A request for a server's profile may name its host there alone."""
    world = EstWorld()
    label = world.label()
    assert not world.endpoints["default"].enrollment.profile(label.settings.profile).names.minimum
    from dataclasses import replace

    from emca_daemon.names import ProfileName

    world.label(replace(settings(), profile=ProfileName("tls-server")), "server")
    assert world.enroll(b64encode(request(name="www.example.test")), "server/simpleenroll").status == 200


def test_nobody_fills_the_audit_chain() -> None:
    """Refusals of an address that has proved nothing are only counted after some; who has is always written down."""
    world = EstWorld()
    world.label(settings(full_cmc=True))
    before = len(world.actions())
    for _ in range(ANONYMOUS_REFUSALS + 3):
        assert world.send("fullcmc", b"!").status == 400
    assert len(world.actions()) - before == ANONYMOUS_REFUSALS
    with world.store.reading() as tx:
        last = list(tx.audit.walk())[-1].event
    assert last.details["last_of_minute"] is True
    assert world.enroll(b"!").status == 400
    assert world.send("fullcmc", b"!", peer=Peer("192.0.2.10")).status == 400
    assert len(world.actions()) - before == ANONYMOUS_REFUSALS + 2
    world.clock.advance(minutes=1)
    assert world.send("fullcmc", b"!").status == 400
    assert len(world.actions()) - before == ANONYMOUS_REFUSALS + 3


def test_certificates_of_nobody_fill_nothing_either() -> None:
    """Anybody can make one; wrong passwords are all written, until the address is refused."""
    world = EstWorld()
    world.label(settings(http=EstHttpSettings(attempts_per_address=ANONYMOUS_REFUSALS + 5)))
    stranger = Peer("192.0.2.10", certificate=der.sequence())
    before = len(world.actions())
    for _ in range(ANONYMOUS_REFUSALS + 3):
        assert world.send("simpleenroll", peer=stranger).status == 401
    assert len(world.actions()) - before == ANONYMOUS_REFUSALS
    before = len(world.actions())
    for number in range(ANONYMOUS_REFUSALS + 5):
        assert world.send("simpleenroll", headers={"authorization": f"Basic !{number}"}).status == 401
    assert len(world.actions()) - before == ANONYMOUS_REFUSALS + 5
    assert world.enroll(b"!").status == 429
