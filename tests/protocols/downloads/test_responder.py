"""Downloads over HTTP: names, freshness, conditions and ranges."""

from datetime import datetime, timedelta

import pytest
from cryptography import x509

from emca_daemon.protocols.downloads.responder import DownloadsResponder
from emca_daemon.protocols.http import Headers, Peer, Request, Response
from emca_daemon.settings.model import DownloadsSettings
from tests.support.downloads_world import CHAIN, NOW, DownloadsStore, make_crl


class World:
    """The responder and what it stands on."""

    def __init__(self) -> None:
        self.store = DownloadsStore()
        self.now = NOW + timedelta(hours=1)
        self.responder = DownloadsResponder(
            self.store, DownloadsSettings(), crl_every=lambda _: timedelta(hours=12), clock=self.clock
        )

    def clock(self) -> datetime:
        """The time as tests set it."""
        return self.now

    def get(self, path: str, *headers: tuple[str, str], method: str = "GET") -> Response:
        """The answer to a request."""
        return self.responder.respond(http(path, headers, method))


def http(path: str, headers: Headers = (), method: str = "GET") -> Request:
    """A request as a listener hands it over."""
    return Request(method, path, "", headers, b"", Peer("192.0.2.1"), "request-1")


@pytest.fixture
def world() -> World:
    """An issuer with a chain of two and a CRL an hour old."""
    return World()


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/crl/demo%20issuing.crl", "application/pkix-crl"),
        ("/crl/demo%20issuing.crl.pem", "application/x-pem-file"),
        ("/ca/demo%20issuing.cer", "application/pkix-cert"),
        ("/ca/demo%20issuing.pem", "application/x-pem-file"),
        ("/ca/demo%20issuing.p7c", "application/pkcs7-mime"),
        ("/ca/demo%20issuing.chain.pem", "application/pem-certificate-chain"),
        ("/ca/d%65mo%20issuing%2ecer", "application/pkix-cert"),
    ],
)
def test_every_form_is_there(world: World, path: str, media_type: str) -> None:
    """By GET and by HEAD, which have the same headers."""
    response = world.get(path)
    assert (response.status, response.header("content-type")) == (200, media_type)
    assert world.get(path, method="HEAD").headers == response.headers


@pytest.mark.parametrize(
    "path",
    [
        "/crl/other.crl",
        "/crl/demo%20issuing",
        "/crl/demo%20issuing.cer",
        "/crl/demo issuing.crl/",
        "/crl/.crl",
        "/crl/",
        "/crl",
        "/ca/other.cer",
        "/ca/demo%20issuing.crl",
        "/ca/demo%2520issuing.cer",
        "/ca/..%2Fca%2Fdemo%20issuing.cer",
        "/ca/../crl/demo%20issuing.crl",
        "/ca//demo%20issuing.cer",
        "/ca/demo%20issuing%00.cer",
        "/ca/%ff.cer",
        "/ca/DEMO%20ISSUING.cer",
        "/ca/" + "x" * 300 + ".cer",
        "/elsewhere/demo%20issuing.cer",
    ],
)
def test_nothing_else_is_there(world: World, path: str) -> None:
    """Names are decoded once and looked up as they are: no tricks with paths, no guessing."""
    response = world.get(path)
    assert (response.status, response.header("cache-control")) == (404, "no-store")


def test_an_issuer_without_certificate_or_crl_has_no_downloads(world: World) -> None:
    """404 until there is something to download."""
    world.store.wait_for_certificate()
    world.store.crls.crl = None
    assert world.get("/ca/demo%20issuing.cer").status == world.get("/crl/demo%20issuing.crl").status == 404


def test_both_kinds_below_one_path() -> None:
    """CRLs and certificates can share their path."""
    store = DownloadsStore()
    settings = DownloadsSettings(crl_path="/pki", certificate_path="/pki")
    responder = DownloadsResponder(
        store, settings, crl_every=lambda _: timedelta(hours=12), clock=lambda: NOW, waits=False
    )
    assert responder.respond(http("/pki/demo%20issuing.crl")).header("content-type") == "application/pkix-crl"
    assert responder.respond(http("/pki/demo%20issuing.cer")).body == CHAIN[0]
    assert not responder.waits(http("/pki"))


def test_a_crl_is_cached_until_the_next_one_is_out(world: World) -> None:
    """Expires is the planned issuance and a margin, not nextUpdate; max-age says the same."""
    response = world.get("/crl/demo%20issuing.crl")
    assert dict(response.headers) == {
        "content-type": "application/pkix-crl",
        "etag": response.header("etag"),
        "last-modified": "Wed, 06 May 2026 07:08:09 GMT",
        "expires": "Wed, 06 May 2026 19:13:09 GMT",
        "cache-control": f"public, no-transform, max-age={11 * 3600 + 300}",
        "accept-ranges": "bytes",
    }


@pytest.mark.parametrize("age", [timedelta(hours=13), timedelta(days=5)])
def test_a_late_crl_is_asked_for_again_soon(world: World, age: timedelta) -> None:
    """When the next one should be out already, caches keep the old one for a minute."""
    world.now = NOW + age
    assert world.get("/crl/demo%20issuing.crl").header("cache-control") == "public, no-transform, max-age=60"


def test_a_crl_is_never_cached_beyond_its_end(world: World) -> None:
    """Not by the minute that a late one is kept, either."""
    world.store.crls.crl = make_crl(8, NOW)
    end = world.store.crls.crl.next_update
    world.now = end - timedelta(seconds=20)
    assert world.get("/crl/demo%20issuing.crl").header("cache-control") == "public, no-transform, max-age=20"


def test_a_certificate_is_cached_for_a_day(world: World) -> None:
    """It hardly ever changes."""
    response = world.get("/ca/demo%20issuing.cer")
    assert response.header("cache-control") == "public, no-transform, max-age=86400"
    assert response.header("last-modified") == "Mon, 06 Apr 2026 07:08:09 GMT"


def test_a_new_crl_shows_at_once(world: World) -> None:
    """Whatever process published it."""
    first = world.get("/crl/demo%20issuing.crl.pem")
    assert world.get("/crl/demo%20issuing.crl.pem") == first
    world.store.crls.crl = make_crl(8, NOW + timedelta(hours=1))
    second = world.get("/crl/demo%20issuing.crl.pem")
    assert x509.load_pem_x509_crl(second.body).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 8
    assert first.header("etag") != second.header("etag")


@pytest.mark.parametrize("field", [0, 1])
def test_what_the_client_has_is_not_sent_again(world: World, field: int) -> None:
    """304 to the tag and to the date, with the headers and without the body."""
    first = world.get("/crl/demo%20issuing.crl")
    condition = (
        ("if-none-match", first.header("etag") or ""),
        ("if-modified-since", first.header("last-modified") or ""),
    )[field]
    assert world.get("/crl/demo%20issuing.crl", condition) == Response(304, headers=first.headers)


def test_a_part_can_be_asked_for(world: World) -> None:
    """One range is 206 with its place; HEAD and a condition that fails get the whole."""
    path, asked = "/ca/demo%20issuing.cer", ("range", "bytes=10-19")
    response = world.get(path, asked)
    assert (response.status, response.body) == (206, CHAIN[0][10:20])
    assert response.header("content-range") == f"bytes 10-19/{len(CHAIN[0])}"
    assert world.get(path, asked, method="HEAD").status == 200
    assert world.get(path, asked, ("if-range", '"old"')).status == 200
    assert world.get(path, asked, ("if-range", response.header("etag") or "")).status == 206
    assert world.get(path, ("range", "bytes=0-1,4-5")).status == 200


def test_a_part_that_is_not_there(world: World) -> None:
    """416 says how long the whole is."""
    response = world.get("/ca/demo%20issuing.cer", ("range", "bytes=100000-"))
    assert (response.status, response.header("content-range")) == (416, f"bytes */{len(CHAIN[0])}")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods_are_not_allowed(world: World, method: str) -> None:
    """405, with what is allowed."""
    response = world.get("/ca/demo%20issuing.cer", method=method)
    assert (response.status, response.header("allow")) == (405, "GET, HEAD")


def test_without_the_store_there_is_nothing_for_now(world: World) -> None:
    """503 with the time to come back."""
    world.store.available = False
    response = world.get("/ca/demo%20issuing.cer")
    assert (response.status, response.header("retry-after")) == (503, "5")


def test_faults_and_crowds(world: World) -> None:
    """A bug names the request only; a crowd is told to come back."""
    failed, busy = world.responder.failed(http("/ca")), world.responder.busy(http("/ca"))
    assert (failed.status, failed.body) == (500, b"internal error, request request-1\n")
    assert (busy.status, busy.header("retry-after")) == (503, "5")


def test_how_it_wants_to_be_run(world: World) -> None:
    """It waits for the store, and hardly reads a body."""
    assert world.responder.waits(http("/ca"))
    assert world.responder.max_body == 1024
