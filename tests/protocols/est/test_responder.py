"""EST over HTTP."""

from base64 import b64encode
from contextlib import AbstractContextManager
from dataclasses import replace

from emca_daemon.ca.credentials import CredentialStore, Writing
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.est.responder import MAX_BODY, EstResponder, refusal
from emca_daemon.protocols.http import Limiting, Request, Toiling
from tests.support.est_world import PLAIN, EstWorld, request, settings


def test_statuses_of_what_cannot_be_served() -> None:
    """404, 405 with Allow, 400; nothing is cached."""
    world = EstWorld()
    world.label()
    assert world.send("nothing", method="GET").status == 404
    refused = world.send("cacerts")
    assert (refused.status, refused.header("allow")) == (405, "GET, HEAD")
    assert refused.header("cache-control") == "no-store"
    assert world.enroll(b"!").status == 400
    assert world.enroll(b64encode(b"\x30\x00")).status == 400


def test_libest_gets_lines() -> None:
    """By its User-Agent; a label may always or never wrap."""
    world = EstWorld()
    world.label()
    world.label(settings(wrap="always"), "always")
    world.label(settings(wrap="never"), "never")
    agent = {"user-agent": "libest 3.2.0"}
    bodies = {
        name: world.send(f"{name}cacerts", method="GET", headers=agent).body for name in ("", "always/", "never/")
    }
    assert [b"\n" in body for body in bodies.values()] == [True, True, False]
    assert b"\n" not in world.send("cacerts", method="GET", headers={"user-agent": "curl/8 libest"}).body
    assert b"\n" in world.send("always/cacerts", method="GET").body


def test_bugs_and_busyness() -> None:
    """500 with the request's id, 503 with Retry-After; every answer may wait for the store."""
    responder = EstResponder({})
    asked = Request("GET", "/.well-known/est/cacerts", "", (), b"", PLAIN, "r-17")
    assert b"r-17" in responder.failed(asked).body
    assert (responder.busy(asked).status, responder.busy(asked).header("retry-after")) == (503, "2")
    assert responder.waits(asked)
    assert responder.max_body == MAX_BODY


def test_what_takes_long_says_so() -> None:
    """Passwords, keys and full CMC; not Digest, tokens and certificates."""
    world = EstWorld()
    world.label()
    responder = EstResponder(world.endpoints)

    def toils(operation: str, authorization: str = "") -> bool:
        """For a request to that operation."""
        headers = (("authorization", authorization),) if authorization else ()
        return responder.toils(Request("POST", f"/.well-known/est/{operation}", "", headers, b"", PLAIN, "r-17"))

    assert isinstance(responder, Toiling)
    assert toils("simpleenroll", "Basic eA==")
    assert toils("simpleenroll", " BASIC")
    assert toils("serverkeygen")
    assert toils("/server%6Beygen/")
    assert toils("fullcmc", "Bearer x")
    assert not any(toils("simpleenroll", one) for one in ("", "Bearer x", 'Digest username="x"', "basically"))
    assert not toils("nothing")


def test_a_body_that_is_too_large_is_audited() -> None:
    """413, by label and operation; where the path names none, it is 404 and nobody's."""
    world = EstWorld()
    world.label()
    responder = EstResponder(world.endpoints)
    assert isinstance(responder, Limiting)
    before = len(world.actions())
    head = Request("POST", "/.well-known/est/simpleenroll", "", (), b"", PLAIN, "r-17")
    refused = responder.too_large(head)
    assert (refused.status, refused.body) == (413, b"the body is larger than this server reads\n")
    assert responder.too_large(replace(head, path="/.well-known/est/nothing")).status == 404
    assert world.actions()[before:] == [("est.request", "refused")]


def test_refusals_are_text_except_401() -> None:
    """With Retry-After in seconds where it passes."""
    later = refusal(Refused(Reason.UNAVAILABLE, "no store", retry_after=7))
    assert (later.status, later.text, later.headers) == (503, "no store", (("Retry-After", "7"),))
    assert refusal(Refused(Reason.NOT_AUTHENTICATED, "who?")).text == ""


def test_a_store_that_is_away_is_503() -> None:
    """And nothing is written about it."""
    world = EstWorld()
    world.label()
    world.keys.down = True
    assert world.enroll(b64encode(request())).status == 503


class Locked:
    """A store that reads, and lets nobody write."""

    def __init__(self, store: CredentialStore) -> None:
        self.reading = store.reading

    def writing(self, *, durable: bool = True) -> AbstractContextManager[Writing]:
        """Nobody may."""
        raise Refused(Reason.UNAVAILABLE, "the database is locked")


def test_a_refusal_that_cannot_be_audited_is_503() -> None:
    """With Retry-After, instead of the refusal: whether nobody is known yet, or a password was right."""
    world = EstWorld()
    world.label(settings(full_cmc=True), store=Locked(world.store))
    answers = [world.send("fullcmc", b"!"), world.enroll(b"!"), world.send("cacerts")]
    answers.append(world.send("simpleenroll", headers={"authorization": "Basic !"}))
    assert [(one.status, one.header("retry-after")) for one in answers] == [(503, "2")] * 4


def test_a_wrong_method_is_audited() -> None:
    """What leads nowhere is not: it names nothing of ours."""
    world = EstWorld()
    world.label()
    before = len(world.actions())
    assert world.send("nothing").status == world.send("other/cacerts").status == 404
    assert world.actions()[before:] == []
    assert world.send("cacerts").status == 405
    assert world.actions()[before:] == [("est.request", "refused")]
