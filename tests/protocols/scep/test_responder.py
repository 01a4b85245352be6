"""Tests of emca_daemon.protocols.scep.responder."""

from base64 import b64encode
from dataclasses import replace
from types import SimpleNamespace
from typing import NoReturn

import pytest

from emca_daemon.asn1 import der
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.http import Limiting, Peer, Request
from emca_daemon.protocols.scep.responder import ScepResponder
from tests.support.cms_world import recorded
from tests.support.scep_world import Client, ScepWorld, read_reply, settings

REQUEST = Request("GET", "/scep/site", "operation=GetCACaps", (), b"", Peer("192.0.2.9"), "request-1")


def test_messages_come_by_get_as_well() -> None:
    """The same answer as by POST."""
    world = ScepWorld()
    client = Client(world)
    response = world.get(b64encode(client.message(client.csr())).decode())
    assert (response.status, response.header("content-type")) == (200, "application/x-pki-message")
    assert read_reply(response.body).status == "0"


def test_asking_for_the_head_of_an_answer_issues_nothing() -> None:
    """HEAD is safe: 405 for messages, by whatever way they come else."""
    world = ScepWorld()
    client = Client(world)
    query = "operation=PKIOperation&message=" + b64encode(client.message(client.csr())).decode()
    before = world.actions()
    answer = world.ask(query, method="HEAD")
    assert (answer.status, answer.header("allow")) == (405, "GET, POST")
    assert world.actions() == [*before, ("scep.message", "refused")]


def test_a_name_that_no_endpoint_has_is_not_the_default_endpoint() -> None:
    """Below the root, where a client's `pkiclient.exe` is none."""
    world = ScepWorld()
    responder = ScepResponder(world.endpoint, waits=False, root="/scep")
    for path, status in (("/scep", 200), ("/scep/", 200), ("/scep/pkiclient.exe", 200), ("//scep//nosuch/x", 404)):
        assert responder.respond(replace(REQUEST, path=path)).status == status


def test_a_digest_that_nobody_knows_is_refused_in_a_reply() -> None:
    """SHA3-256: badAlg, with the transaction that it is about."""
    world = ScepWorld()
    client = Client(world)
    message = client.message(client.csr())
    strange = message.replace(der.oid("2.16.840.1.101.3.4.2.1"), der.oid("2.16.840.1.101.3.4.2.8"))
    reply = read_reply(world.post(strange).body)
    assert (reply.status, reply.fail_info, reply.transaction_id) == ("2", "0", client.transaction_id)


def test_get_can_be_off() -> None:
    """405 then, for messages only."""
    world = ScepWorld(settings(get=False))
    assert world.get("AAAA").status == 405
    assert world.ask("operation=GetCACaps").status == 200


@pytest.mark.parametrize(
    ("query", "body", "method", "status"),
    [
        ("", b"", "GET", 400),
        ("operation=Something", b"", "GET", 400),
        ("operation=PKIOperation", b"", "POST", 400),
        ("operation=PKIOperation", b"junk", "POST", 400),
        ("operation=PKIOperation&message=%21", b"", "GET", 400),
        ("operation=GetNextCACert", b"", "GET", 404),
        ("operation=GetCACaps", b"", "PUT", 405),
    ],
)
def test_what_is_no_message_gets_a_status_and_a_line(query: str, body: bytes, method: str, status: int) -> None:
    """Never 500; all of it is written down."""
    world = ScepWorld()
    response = world.ask(query, body, method)
    assert (response.status, response.header("content-type")) == (status, "text/plain; charset=utf-8")
    assert [f"{refusal}\n" for refusal in world.refusals()] == [response.body.decode()]


def test_a_body_that_is_too_large_is_written_down() -> None:
    """413 in a line of text; where the path names no endpoint, it is 404 and nobody's."""
    world = ScepWorld()
    responder = ScepResponder(world.endpoint, waits=True, root="/scep")
    assert isinstance(responder, Limiting)
    head = replace(REQUEST, method="POST", path="/scep", query="operation=PKIOperation")
    response = responder.too_large(head)
    assert (response.status, response.header("content-type")) == (413, "text/plain; charset=utf-8")
    assert [f"{refusal}\n" for refusal in world.refusals()] == [response.body.decode()]
    assert responder.too_large(replace(head, path="/scep/nosuch")).status == 404
    assert len(world.refusals()) == 1


def test_a_refusal_that_cannot_be_written_down_is_503() -> None:
    """The audit chain is out of reach; so much is told."""
    world = ScepWorld()

    def down() -> NoReturn:
        raise Refused(Reason.UNAVAILABLE, "the store is out of reach")

    world.endpoint = replace(world.endpoint, store=SimpleNamespace(writing=down))
    responder = ScepResponder(world.endpoint, waits=True)
    for response in (
        responder.respond(replace(REQUEST, query="operation=Something")),
        responder.too_large(replace(REQUEST, method="POST")),
    ):
        assert (response.status, response.header("retry-after")) == (503, "2")


@pytest.mark.parametrize("name", ["certmonger-pkcsreq.pem", "jscep-ber-indefinite.der", "sscep-pkcsreq.pem"])
def test_messages_of_real_clients_are_answered(name: str) -> None:
    """They were encrypted to somebody else: a CertRep says so."""
    reply = read_reply(ScepWorld().post(recorded(name)).body)
    assert (reply.status, reply.fail_info) == ("2", "2")


def test_sha1_and_des_are_refused_by_their_name() -> None:
    """The client scepclient knows nothing else."""
    reply = read_reply(ScepWorld().post(recorded("scepclient-des-sha1.der")).body)
    assert (reply.status, reply.fail_info) == ("2", "0")
    assert reply.signed.signers[0].digest == "sha256"


def test_a_message_hint_changes_nothing() -> None:
    """Clients write a number, a name or nothing into GetCACert; order and case are free."""
    world = ScepWorld()
    expected = world.ask("operation=GetCACert").body
    for query in (
        "operation=GetCACert&message=0",
        "message=CAIdentifier&operation=GetCACert",
        "OPERATION=getcacert&message=",
    ):
        assert world.ask(query).body == expected


def test_a_store_or_key_that_is_down_is_told_by_http() -> None:
    """503, and when to come again."""
    world = ScepWorld()
    client = Client(world)
    message = client.message(client.csr())
    world.keys.down = True
    response = world.post(message)
    assert response.status == 503
    assert response.header("retry-after")


def test_before_the_first_certificate_clients_are_told_to_wait() -> None:
    """The registration authority is made by a duty."""
    world = ScepWorld(replace(settings(), ra="two"))
    world.ra._until = world.clock().replace(year=2099)
    world.ra._known = {"sign": (), "encrypt": ()}
    assert world.ask("operation=GetCACert").status == 503


def test_failing_and_busy_are_plain_text() -> None:
    """With the request's id, or with a time to wait."""
    responder = ScepWorld().responder
    assert (responder.failed(REQUEST).status, b"request-1" in responder.failed(REQUEST).body) == (500, True)
    assert responder.busy(REQUEST).status == 503
    assert not responder.waits(REQUEST)
    assert not responder.waits(replace(REQUEST, query="message=x&OPERATION=getcacaps"))
    for slow in (
        replace(REQUEST, query="operation=GetCACert"),
        replace(REQUEST, query="operation=PKIOperation&message=getcacaps&x=operation=GetCACaps"),
        replace(REQUEST, method="PUT"),
        replace(REQUEST, method="POST"),
    ):
        assert responder.waits(slow)
