"""The objects that clients see."""

import json
from dataclasses import replace
from datetime import timedelta

from emca_daemon.names import AlternativeName, NameType
from emca_daemon.protocols.acme.documents import (
    account_document,
    authorization_document,
    challenge_document,
    order_document,
    retry_after,
)
from emca_daemon.protocols.acme.errors import Problem
from emca_daemon.protocols.acme.records import Account, Authorization, Challenge, Order, OrderAuthorization
from emca_daemon.protocols.acme.states import AccountStatus, AuthorizationStatus, ChallengeStatus, OrderStage
from emca_daemon.protocols.acme.times import time_text
from tests.support.acme_world import AcmeWorld
from tests.support.ca_world import START

LATER = START + timedelta(days=1)
NAME = AlternativeName(NameType.DNS, "a.example")
CHALLENGE = Challenge("c", "z", "http-01", "token", ChallengeStatus.PROCESSING, next_attempt=START)
AUTHORIZATION = Authorization(
    "z", "main", "a", NAME, wildcard=True, status=AuthorizationStatus.PENDING, expires=LATER, created=START
)
ORDER = Order(
    "o",
    "main",
    "a",
    OrderStage.OPEN,
    (NAME,),
    (OrderAuthorization("z", AuthorizationStatus.VALID, LATER),),
    LATER,
    START,
    not_before=START,
    not_after=LATER,
)
ENDPOINT = AcmeWorld().endpoint


def test_times_are_whole_seconds_in_utc() -> None:
    """RFC 3339."""
    assert time_text(START + timedelta(microseconds=5)) == "2026-06-01T12:00:00Z"


def test_an_account_object() -> None:
    """Nothing of its key."""
    account = Account("a", "main", AccountStatus.VALID, "{}", "t", b"f", ("mailto:a@b.example",), True, START)
    assert account_document(ENDPOINT, account) == {
        "status": "valid",
        "contact": ["mailto:a@b.example"],
        "termsOfServiceAgreed": True,
        "orders": "https://ca.test/acme/account/a/orders",
    }


def test_an_order_object_by_status() -> None:
    """The certificate only when valid, the error only when invalid, the validity as asked for."""
    ready = order_document(ENDPOINT, ORDER, START)
    assert (ready["status"], ready["notBefore"], ready["notAfter"]) == ("ready", time_text(START), time_text(LATER))
    assert not {"certificate", "error"} & set(ready)
    valid = order_document(ENDPOINT, replace(ORDER, stage=OrderStage.VALID), START)
    assert valid["certificate"] == "https://ca.test/acme/certificate/o"
    failed = replace(ORDER, stage=OrderStage.INVALID, error=Problem("serverInternal", "x", 500).text())
    assert order_document(ENDPOINT, failed, START)["error"] == json.loads(failed.error)


def test_failed_authorizations_are_told_with_their_names() -> None:
    """One is the error; several are its subproblems, each with its identifier (RFC 8555 6.7.1)."""
    other = AlternativeName(NameType.DNS, "b.example")
    failed = OrderAuthorization("z", AuthorizationStatus.INVALID, LATER)
    one = order_document(ENDPOINT, replace(ORDER, authorizations=(failed,)), START)["error"]
    assert isinstance(one, dict)
    assert (one["identifier"], one["status"]) == ({"type": "dns", "value": "a.example"}, 403)
    both = replace(ORDER, names=(NAME, other), authorizations=(failed, replace(failed, id="y")))
    several = order_document(ENDPOINT, both, START)["error"]
    assert isinstance(several, dict)
    assert [sub["identifier"]["value"] for sub in several["subproblems"]] == ["a.example", "b.example"]
    assert "identifier" not in several


def test_an_order_object_says_what_it_was_asked_for() -> None:
    """Profile and replaced certificate are echoed."""
    document = order_document(ENDPOINT, replace(ORDER, profile="short", replaces="a.b"), START)
    assert (document["profile"], document["replaces"]) == ("short", "a.b")


def test_an_authorization_object_without_its_star() -> None:
    """`wildcard` instead."""
    document = authorization_document(ENDPOINT, replace(AUTHORIZATION, challenges=(CHALLENGE,)), START)
    assert document["identifier"] == {"type": "dns", "value": "a.example"}
    assert document["wildcard"] is True
    assert authorization_document(ENDPOINT, AUTHORIZATION, LATER)["status"] == "expired"


def test_a_challenge_object_shows_the_last_error() -> None:
    """Until it is valid."""
    errors = (Problem("dns", "1").text(), Problem("tls", "2").text())
    failing = replace(CHALLENGE, errors=errors)
    assert challenge_document(ENDPOINT, failing)["error"] == json.loads(errors[1])
    won = replace(failing, status=ChallengeStatus.VALID, validated=START)
    document = challenge_document(ENDPOINT, won)
    assert "error" not in document
    assert document["validated"] == time_text(START)


def test_retry_after_follows_the_next_attempt() -> None:
    """In seconds, between one and sixty; nothing when nothing runs."""
    for wait, seconds in ((0, "1"), (-5, "1"), (10, "11"), (900, "60")):
        running = replace(CHALLENGE, next_attempt=START + timedelta(seconds=wait))
        assert retry_after(replace(AUTHORIZATION, challenges=(running,)), START) == {"Retry-After": seconds}
    idle = replace(AUTHORIZATION, challenges=(replace(CHALLENGE, next_attempt=None),))
    assert retry_after(idle, START) == {"Retry-After": "2"}
    assert retry_after(AUTHORIZATION, START) == {}
    done = replace(AUTHORIZATION, status=AuthorizationStatus.VALID, challenges=(CHALLENGE,))
    assert retry_after(done, START) == {}
