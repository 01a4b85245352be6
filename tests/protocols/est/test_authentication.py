"""Who may do what, by the label's settings."""

from base64 import b64encode

import pytest

from emca_daemon.protocols.bearer import read_tokens
from emca_daemon.protocols.http import Peer
from emca_daemon.settings.est import EstCertificateSettings, EstHttpSettings
from tests.support.est_world import PLAIN, EstWorld, basic, digest_answer, request, settings

ENROLL = "/.well-known/est/simpleenroll"


def status(world: EstWorld, *, password: str | None, certificate: bytes | None) -> int:
    """The status of an enrollment for the certificate's own names."""
    peer = Peer("192.0.2.9", certificate=certificate)
    headers = {} if password is None else {"authorization": basic(password=password)}
    return world.send("simpleenroll", b64encode(request()), headers=headers, peer=peer).status


@pytest.mark.parametrize(
    ("wanted", "nothing", "right", "wrong", "certificate", "certificate_and_wrong", "both"),
    [
        ("http", 401, 200, 401, 401, 401, 200),
        ("certificate", 403, 403, 403, 200, 200, 200),
        ("either", 401, 200, 401, 200, 401, 200),
        ("both", 401, 403, 401, 401, 401, 200),
    ],
)
def test_what_a_client_must_show(
    wanted: str, nothing: int, right: int, wrong: int, certificate: int, certificate_and_wrong: int, both: int
) -> None:
    """Each way with each combination of password and certificate."""
    world = EstWorld()
    world.label(settings(authentication=wanted))
    _, device = world.device()
    good, bad = "correct horse", "wrong"
    assert status(world, password=None, certificate=None) == nothing
    assert status(world, password=good, certificate=None) == right
    assert status(world, password=bad, certificate=None) == wrong
    assert status(world, password=None, certificate=device) == certificate
    assert status(world, password=bad, certificate=device) == certificate_and_wrong
    assert status(world, password=good, certificate=device) == both


def test_a_challenge_has_no_body_and_every_method() -> None:
    """In the order of the settings, the first being all that some clients read."""
    world = EstWorld()
    methods = ("digest", "digest-md5", "basic", "bearer")
    world.label(settings(http=EstHttpSettings(methods=methods)))
    response = world.send("simpleenroll", b64encode(request()))
    told = [value for name, value in response.headers if name == "WWW-Authenticate"]
    assert (response.status, response.body) == (401, b"")
    assert [value.partition(" ")[0] for value in told] == ["Digest", "Digest", "Basic", "Bearer"]
    assert ("est.request", "refused") not in world.actions()


def test_a_wrong_password_is_audited_and_locks() -> None:
    """After so many even the right one is refused, with the same answer, until the time is over."""
    world = EstWorld()
    world.label(settings(http=EstHttpSettings(attempts=2)))
    for _ in range(2):
        assert status(world, password="wrong", certificate=None) == 401
    assert world.actions()[-1] == ("est.request", "refused")
    assert status(world, password="correct horse", certificate=None) == 401
    world.clock.advance(minutes=16)
    assert status(world, password="correct horse", certificate=None) == 200


@pytest.mark.parametrize("method", ["basic", "digest"])
def test_a_refused_login_names_who_was_tried(method: str) -> None:
    """As the actor, whom nothing proves; there need be no such user."""
    world = EstWorld()
    world.label(settings(http=EstHttpSettings(methods=(method,))))
    challenge = world.send("simpleenroll").header("www-authenticate")
    assert challenge is not None
    for user in ("alice", "nobody"):
        wrong = digest_answer(challenge, ENROLL, "x", user=user) if method == "digest" else basic(user, "x")
        assert world.enroll(b64encode(request()), authorization=wrong).status == 401
        with world.store.reading() as tx:
            event = list(tx.audit.walk())[-1].event
        assert (event.actor, event.proof, event.outcome) == (user, "none", "refused")


def test_an_address_with_many_wrong_passwords_is_refused() -> None:
    """429 with Retry-After, whoever it names; another address is not."""
    world = EstWorld()
    world.label(settings(http=EstHttpSettings(attempts_per_address=2)))
    for _ in range(2):
        world.enroll(b64encode(request()), authorization=basic("nobody"))
    refused = world.enroll(b64encode(request()))
    assert refused.status == 429
    assert refused.header("retry-after") == "900"
    assert world.enroll(b64encode(request()), peer=Peer("192.0.2.10")).status == 200


@pytest.mark.parametrize("method", ["digest", "digest-md5"])
def test_digest_answers_once(method: str) -> None:
    """The same count of the same nonce is stale, a higher one is fine, an old nonce is stale."""
    world = EstWorld()
    world.label(settings(http=EstHttpSettings(methods=(method,))))
    challenge = world.send("simpleenroll").header("www-authenticate")
    assert challenge is not None
    body = b64encode(request())

    def answer(count: int, password: str = "correct horse") -> int:
        field = digest_answer(challenge, ENROLL, password, count=count)
        return world.enroll(body, authorization=field).status

    assert answer(1, "wrong") == 401
    assert answer(1) == 200
    replayed = world.enroll(body, authorization=digest_answer(challenge, ENROLL))
    assert (replayed.status, "stale" in (replayed.header("www-authenticate") or "")) == (401, True)
    assert answer(2) == 200
    world.clock.advance(minutes=6)
    assert answer(3) == 401


def test_a_bearer_token_will_do() -> None:
    """Where it is offered; a scheme that is not is refused."""
    world = EstWorld()
    tokens = read_tokens("gate 0123456789abcdef")
    world.label(settings(http=EstHttpSettings(methods=("bearer",), tokens=None)), tokens=tokens)
    assert world.enroll(b64encode(request()), authorization="Bearer 0123456789abcdef").status == 200
    assert world.enroll(b64encode(request()), authorization="Bearer 0123456789abcdee").status == 401
    assert world.enroll(b64encode(request())).status == 401


def test_a_certificate_that_means_nothing_does_no_harm_to_a_user() -> None:
    """A label that accepts either looks at the password then."""
    world = EstWorld()
    world.label(settings(certificates=EstCertificateSettings(own="no")))
    _, device = world.device()
    assert status(world, password="correct horse", certificate=device) == 200
    assert status(world, password=None, certificate=device) == 401
    assert PLAIN.certificate is None
