"""A perspective over HTTPS."""

from dataclasses import replace

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.protocols.acme.perspective_messages import PATH, TXT, Question, Seen, read_seen, write_question
from emca_daemon.protocols.acme.perspective_responder import PerspectiveResponder
from emca_daemon.protocols.http import Peer, Request

QUESTION = Question(TXT, AlternativeName(NameType.DNS, "a.example"))
REQUEST = Request(
    "POST", PATH, "", (), write_question(QUESTION), Peer("192.0.2.1", certificate=b"der"), "1", secure=True
)


def seeing(question: Question) -> Seen:
    """One record at any name."""
    assert question == QUESTION
    return (b"record",)


def refusing(_question: Question) -> Seen:
    """Nothing can be looked at."""
    raise Refused(Reason.UNAVAILABLE, "no")


RESPONDER = PerspectiveResponder(seeing)


def test_a_question_is_answered_with_what_is_seen() -> None:
    """It takes its time for it."""
    response = RESPONDER.respond(REQUEST)
    assert response.status == 200
    assert read_seen(response.body, TXT) == (b"record",)
    assert RESPONDER.waits(REQUEST)


def test_other_requests_are_refused() -> None:
    """Above all those of somebody unknown, should TLS let them through."""
    assert RESPONDER.respond(replace(REQUEST, peer=Peer("192.0.2.1"))).status == 403
    assert RESPONDER.respond(replace(REQUEST, path=PATH + "/x")).status == 404
    assert RESPONDER.respond(replace(REQUEST, method="GET")).status == 405
    assert RESPONDER.respond(replace(REQUEST, body=b"{}")).status == 400
    assert PerspectiveResponder(refusing).respond(REQUEST).status == 400


def test_bugs_and_too_much_work_have_answers() -> None:
    """That tell nothing."""
    assert RESPONDER.failed(REQUEST).body == b"internal error 1\n"
    assert RESPONDER.busy(REQUEST).status == 503
