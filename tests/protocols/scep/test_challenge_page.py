"""Tests of emca_daemon.protocols.scep.challenge_page."""

import hashlib
import re
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.protocols.http import Response, Toiling
from emca_daemon.protocols.scep.challenge_page import ChallengePage
from emca_daemon.protocols.scep.made_challenges import OneTimeChallenges
from emca_daemon.settings.scep_provisioning import ScepPageSettings
from tests.support.scep_users import BEARER, UsersWorld, asked
from tests.support.scep_world import Client, settings

PASSWORD = re.compile(r"(?i)The enrollment challenge password is: <B> (?P<password>\S*)")
"""What device management looks for."""


def with_page(**changes: object) -> tuple[UsersWorld, ChallengePage]:
    """An endpoint with a page."""
    page = ScepPageSettings(enabled=True, **changes)  # type: ignore[arg-type]
    world = UsersWorld(settings(page=page))
    world.guard(OneTimeChallenges(world.store, world.clock))
    return world, ChallengePage(world.endpoint, world.access, world.provisioning)


def text(response: Response) -> str:
    """The page, as NDES writes it."""
    assert response.header("content-type") == "text/html; charset=utf-16le"
    assert response.header("cache-control") == "no-store"
    return response.body.decode("UTF-16")  # without a mark: little-endian, as scripts on such machines read it


def between(page: str, sentence: str) -> str:
    """How scripts find a value: the piece that follows the one which begins with a blank and the sentence."""
    pieces = page.split(">")
    place = next(number for number, piece in enumerate(pieces) if piece.find(f"{sentence}: <B") == 1)
    return pieces[place + 1].strip("</B").strip()


def test_each_view_makes_a_challenge_that_enrolls_once() -> None:
    """For an hour."""
    world, page = with_page()
    response = page.respond(asked())
    assert response.status == 200
    found = PASSWORD.search(text(response))
    assert found is not None
    assert re.fullmatch("[0-9A-F]{32}", found["password"])
    assert between(text(response), "The enrollment challenge password is") == found["password"]
    assert PASSWORD.findall(text(page.respond(asked()))) != [found["password"]]
    client = Client(world, password=found["password"].encode())
    assert client.enroll().status == "0"
    with world.store.reading() as tx:
        challenge, other = sorted(tx.scep_challenges.list("site", 9), key=lambda one: -one.uses)
    assert (challenge.source, challenge.made_by, challenge.uses, other.uses) == ("page", "alice", 1, 0)
    assert challenge.expires - challenge.created == timedelta(hours=1)
    assert "within 60 minutes" in text(response)


def test_the_thumbprint_is_that_of_the_ca() -> None:
    """MD5 in groups of eight digits where programs look; SHA-256 as well."""
    world, page = with_page()
    der = world.endpoint.authority.certificate.public_bytes(Encoding.DER)
    found = between(text(page.respond(asked())), "The thumbprint (hash value) for the CA certificate is")
    assert found.replace(" ", "") == hashlib.md5(der).hexdigest().upper()
    assert [len(group) for group in found.split(" ")] == [8, 8, 8, 8]
    assert hashlib.sha256(der).hexdigest().upper() in text(page.respond(asked()))


def test_length_lifetime_and_encoding_are_settings() -> None:
    """NDES's eight octets, and UTF-8 for who reads no other."""
    world, page = with_page(octets=8, lifetime=timedelta(seconds=30), encoding="utf-8")
    response = page.respond(asked())
    assert response.header("content-type") == "text/html; charset=utf-8"
    found = PASSWORD.search(response.body.decode())
    assert found is not None
    assert len(found["password"]) == 16
    world.clock.advance(seconds=30)
    assert "expired" in Client(world, password=found["password"].encode()).enroll().text


def test_a_full_page_says_so_in_the_words_of_ndes() -> None:
    """Until a challenge has ended; it is audited."""
    world, page = with_page(outstanding=1)
    page.respond(asked())
    response = page.respond(asked())
    assert (response.status, "The password cache is full." in text(response)) == (200, True)
    assert world.actions()[-1] == ("scep.provision", "refused")
    world.clock.advance(hours=1)
    assert PASSWORD.search(text(page.respond(asked()))) is not None


def test_who_may_not_is_told_so_in_the_words_of_ndes() -> None:
    """Another group; nobody at all is asked for a password."""
    _, page = with_page(groups=("operators",))
    response = page.respond(asked())
    assert response.status == 200
    assert "You do not have sufficient permission to enroll with SCEP." in text(response)
    response = page.respond(asked(headers=()))
    assert (response.status, response.header("www-authenticate")) == (401, 'Basic realm="scep"')
    assert PASSWORD.search(text(response)) is None
    response = page.respond(asked(secure=False))
    assert (response.status, "TLS alone" in text(response)) == (403, True)


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT"])
def test_only_a_view_makes_a_challenge(method: str) -> None:
    """Nothing else is answered."""
    world, page = with_page()
    response = page.respond(asked(method))
    assert (response.status, response.header("allow")) == (405, "GET")
    with world.store.reading() as tx:
        assert list(tx.scep_challenges.list("site", 9)) == []


def test_trouble_is_told_without_a_challenge() -> None:
    """A bug by the request's id; no worker, and an address that waits, by when to come again."""
    world, page = with_page()
    assert "request-1" in text(page.failed(asked()))
    assert (page.busy(asked()).status, page.busy(asked()).header("retry-after")) == (503, "2")
    assert page.waits(asked())
    assert isinstance(page, Toiling)
    assert page.toils(asked())
    assert not page.toils(asked(headers=(BEARER,)))
    with world.store.writing() as tx:
        for _ in range(world.settings.users.attempts_per_address):
            tx.credentials.count("scep:192.0.2.9", world.clock(), timedelta(hours=1))
    response = page.respond(asked())
    assert (response.status, response.header("retry-after")) == (429, "900")
