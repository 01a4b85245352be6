"""OCSP over HTTP: methods, paths, caching headers, and what four other responders get wrong."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp

from emca_daemon.asn1 import der
from emca_daemon.protocols.http import Headers, Peer, Request, Response
from emca_daemon.protocols.ocsp.responder import OcspResponder
from emca_daemon.settings.model import OcspSettings
from tests.support.ocsp_world import (
    GOOD_SERIAL,
    NOW,
    REVOKED_SERIAL,
    UNKNOWN_SERIAL,
    OcspWorld,
    certificate_id,
    make_certificate,
    nonce,
    request,
    url_text,
)

# The requests in the tables are about this world's issuer; answering changes nothing in it.
WORLD = OcspWorld()
GOOD = request(WORLD.certificate_id(GOOD_SERIAL))
UNKNOWN_EXTENSION = der.extension(der.oid("1.3.6.1.4.1.55555.1"), b"", critical=True)
STRANGER = make_certificate("Stranger", ec.generate_private_key(ec.SECP256R1()))
MIXED_ID = certificate_id(
    # The issuer's name with a stranger's key.
    make_certificate("Demo Issuing CA", ec.generate_private_key(ec.SECP256R1())),
    GOOD_SERIAL,
)


@pytest.fixture
def world() -> OcspWorld:
    """Two issuers and a handful of certificates."""
    return OcspWorld()


def http(method: str, path: str, body: bytes = b"", headers: Headers = ()) -> Request:
    """A request as a listener hands it over."""
    return Request(method, path, "", headers, body, Peer("192.0.2.1"), "request-1")


def post(world: OcspWorld, body: bytes, headers: Headers = ()) -> Response:
    """The answer to a POST."""
    return world.responder.respond(http("POST", "/ocsp", body, headers))


def get(world: OcspWorld, rest: str, headers: Headers = (), method: str = "GET") -> Response:
    """The answer to a GET below the responder's path."""
    return world.responder.respond(http(method, "/ocsp" + rest, headers=headers))


def meaning(response: Response) -> str:
    """An answer in a word or two, as the table of peers puts it."""
    if response.status != 200:
        return str(response.status)
    parsed = ocsp.load_der_ocsp_response(response.body)
    if parsed.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        return parsed.response_status.name.lower()
    words = ",".join(single.certificate_status.name.lower() for single in parsed.responses)
    nonces = [extension.value.nonce for extension in parsed.extensions if isinstance(extension.value, x509.OCSPNonce)]
    return words + "".join(f" +nonce{len(value)}" for value in nonces)


def with_nonce(size: int, *, critical: bool = False) -> bytes:
    """The good request with a nonce."""
    return request(WORLD.certificate_id(GOOD_SERIAL), extensions=[nonce(b"n" * size, critical=critical)])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(GOOD, "good", id="good"),
        pytest.param(request(WORLD.certificate_id(REVOKED_SERIAL)), "revoked", id="revoked"),
        pytest.param(b"", "malformed_request", id="empty"),
        pytest.param(b"garbage", "malformed_request", id="garbage"),
        pytest.param(GOOD[:-3], "malformed_request", id="truncated"),
        pytest.param(GOOD + b"\0", "malformed_request", id="trailing byte"),
        pytest.param(bytes(65536), "malformed_request", id="64 KiB of zero"),
        pytest.param(
            request(WORLD.certificate_id(GOOD_SERIAL), version=der.explicit(0, der.integer(1))),
            "malformed_request",
            id="version v2",
        ),
        pytest.param(request(), "malformed_request", id="0 requests"),
        pytest.param(request(*[WORLD.certificate_id(GOOD_SERIAL)] * 2), "good,good", id="2 requests"),
        pytest.param(request(*[WORLD.certificate_id(GOOD_SERIAL)] * 11), "malformed_request", id="11 requests"),
        pytest.param(request(WORLD.certificate_id(UNKNOWN_SERIAL)), "unknown", id="unknown serial"),
        pytest.param(request(WORLD.certificate_id(-3)), "unknown", id="negative serial"),
        pytest.param(request(certificate_id(STRANGER, GOOD_SERIAL)), "unauthorized", id="other issuer"),
        pytest.param(request(MIXED_ID), "unauthorized", id="other issuer key"),
        pytest.param(request(WORLD.certificate_id(GOOD_SERIAL, "md5")), "unauthorized", id="MD5 certID"),
        pytest.param(
            request(certificate_id(WORLD.issuer, GOOD_SERIAL, oid="1.3.6.1.4.1.55555.2")),
            "unauthorized",
            id="unknown hash OID",
        ),
        pytest.param(
            request(certificate_id(WORLD.issuer, GOOD_SERIAL, cut=10)), "malformed_request", id="short nameHash"
        ),
        pytest.param(
            request(WORLD.certificate_id(GOOD_SERIAL), requestor=der.explicit(1, der.implicit(2, b"client"))),
            "good",
            id="requestorName",
        ),
        pytest.param(
            request(WORLD.certificate_id(GOOD_SERIAL), extensions=[UNKNOWN_EXTENSION]),
            "malformed_request",
            id="unknown critical ext",
        ),
        pytest.param(with_nonce(0), "malformed_request", id="nonce 0"),
        pytest.param(with_nonce(16), "good +nonce16", id="nonce 16"),
        pytest.param(with_nonce(32), "good +nonce32", id="nonce 32"),
        pytest.param(with_nonce(33), "good +nonce33", id="nonce 33"),
        pytest.param(with_nonce(128), "good +nonce128", id="nonce 128"),
        pytest.param(with_nonce(129), "malformed_request", id="nonce 129"),
        pytest.param(with_nonce(4096), "malformed_request", id="nonce 4096"),
        pytest.param(with_nonce(32, critical=True), "good +nonce32", id="nonce 32 critical"),
    ],
)
def test_what_is_posted(body: bytes, expected: str) -> None:
    """The table on which four other responders were measured, with the answers that the RFCs ask for."""
    assert meaning(post(WORLD, body)) == expected


@pytest.mark.parametrize(
    ("spell", "expected"),
    [
        pytest.param(lambda text: "/" + quote(text, safe=""), "good", id="GET urlencoded"),
        pytest.param(lambda text: "/" + text, "good", id="GET raw base64"),
        pytest.param(lambda text: "//" + text, "good", id="GET double slash"),
        pytest.param(lambda text: "/" + quote(text, safe="").replace("%2F", "%2f"), "good", id="GET lower-case %2f"),
        pytest.param(lambda text: "/" + text.rstrip("="), "good", id="GET no padding"),
        pytest.param(lambda text: "/-_" + text, "malformed_request", id="GET urlsafe b64"),
        pytest.param(lambda _: "/!!!", "malformed_request", id="GET not base64"),
        pytest.param(lambda _: "", "400", id="GET empty path"),
        pytest.param(lambda _: "/", "400", id="GET only a slash"),
    ],
)
def test_what_is_got(world: OcspWorld, spell: Callable[[str], str], expected: str) -> None:
    """The same table for GET."""
    data = request(world.certificate_id(GOOD_SERIAL))
    assert meaning(get(world, spell(url_text(data)))) == expected


def test_get_and_post_give_the_same_octets(world: OcspWorld) -> None:
    """One answer, whichever way it is asked for; HEAD has the same headers."""
    data = request(world.certificate_id(GOOD_SERIAL))
    got = get(world, "/" + url_text(data))
    assert got == post(world, data) == get(world, "/" + url_text(data), method="HEAD")


@pytest.mark.parametrize("prefix", ["", "/ocsp", "/pki/ocsp"])
def test_a_responder_is_mounted_anywhere(prefix: str) -> None:
    """Its path is taken away, whatever it is."""
    world = OcspWorld(OcspSettings(path=prefix))
    data = request(world.certificate_id(GOOD_SERIAL))
    assert meaning(world.responder.respond(http("GET", f"{prefix}/{quote(url_text(data), safe='')}"))) == "good"
    assert meaning(world.responder.respond(http("POST", prefix or "/", data))) == "good"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "get"])
def test_other_methods_are_not_allowed(world: OcspWorld, method: str) -> None:
    """405, with what is allowed."""
    response = get(world, "/", method=method)
    assert (response.status, response.header("allow")) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize("path", ["/ocsp/x", "/ocsp/MAA="])
def test_posts_go_to_the_path_itself(world: OcspWorld, path: str) -> None:
    """Anything below it is not there."""
    assert world.responder.respond(http("POST", path, GOOD)).status == 404


@pytest.mark.parametrize("media_type", [None, "application/ocsp-request", "text/plain"])
def test_the_type_of_what_is_posted_does_not_matter(world: OcspWorld, media_type: str | None) -> None:
    """Clients send none or a wrong one, and every responder takes it."""
    headers = () if media_type is None else (("content-type", media_type),)
    assert meaning(post(world, request(world.certificate_id(GOOD_SERIAL)), headers)) == "good"


def test_caching_headers_of_an_answer(world: OcspWorld) -> None:
    """As RFC 9919 section 7.2 has them, and nothing that forbids caching."""
    world.now = NOW + timedelta(seconds=1)
    response = post(world, request(world.certificate_id(GOOD_SERIAL)))
    assert dict(response.headers) == {
        "content-type": "application/ocsp-response",
        "last-modified": "Wed, 06 May 2026 07:08:10 GMT",
        "expires": "Wed, 06 May 2026 19:08:10 GMT",
        "etag": response.header("etag"),
        "cache-control": "max-age=21600, public, no-transform, must-revalidate",
    }
    assert len((response.header("etag") or "").strip('"')) == 64


def test_max_age_shrinks_as_the_answer_ages(world: OcspWorld) -> None:
    """A kept answer is not cached for longer than a new one."""
    data = request(world.certificate_id(GOOD_SERIAL))
    post(world, data)
    world.now = NOW + timedelta(seconds=40)
    assert (post(world, data).header("cache-control") or "").startswith("max-age=21580,")


def test_an_answer_that_the_client_has_is_not_sent_again(world: OcspWorld) -> None:
    """304 to its tag or its date, with the same headers and no body; POST always gets the whole."""
    data = request(world.certificate_id(GOOD_SERIAL))
    rest = "/" + url_text(data)
    first = get(world, rest)
    tag = first.header("etag") or ""
    for condition in (("if-none-match", tag), ("if-modified-since", "Wed, 06 May 2026 07:08:09 GMT")):
        assert get(world, rest, (condition,)) == Response(304, headers=first.headers)
    assert get(world, rest, (("if-none-match", '"other"'),)) == first
    assert post(world, data, (("if-none-match", tag),)) == first


@pytest.mark.parametrize("body", [b"", with_nonce(16), request(MIXED_ID)], ids=["error", "nonce", "unauthorized"])
def test_what_is_not_for_everybody_is_not_cached(body: bytes) -> None:
    """Errors are unsigned, nonces for one client: neither is stored, and a condition changes nothing."""
    response = post(WORLD, body)
    assert response.headers == (("content-type", "application/ocsp-response"), ("cache-control", "no-store"))


def test_an_answer_with_a_nonce_is_sent_whole(world: OcspWorld) -> None:
    """Even to a client that has everything."""
    data = request(world.certificate_id(GOOD_SERIAL), extensions=[nonce(b"0123456789abcdef")])
    assert get(world, "/" + quote(url_text(data), safe=""), (("if-none-match", "*"),)).status == 200


def test_try_later_while_store_or_key_are_away(world: OcspWorld) -> None:
    """HTTP 200 and tryLater, not to be cached."""
    world.store.available = False
    response = post(world, request(world.certificate_id(GOOD_SERIAL)))
    assert (meaning(response), response.header("cache-control")) == ("try_later", "no-store")
    world.store.available = True
    world.signers.keys.clear()
    assert meaning(post(world, request(world.certificate_id(GOOD_SERIAL)))) == "try_later"


def test_a_bug_is_an_internal_error(world: OcspWorld) -> None:
    """HTTP 200 and internalError, not to be cached."""
    response = world.responder.failed(http("POST", "/ocsp", GOOD))
    assert (meaning(response), response.header("cache-control")) == ("internal_error", "no-store")


def test_too_busy_says_when_to_come_back(world: OcspWorld) -> None:
    """503 for load balancers, tryLater for clients."""
    response = world.responder.busy(http("POST", "/ocsp", GOOD))
    assert (response.status, response.header("retry-after")) == (503, "2")
    assert ocsp.load_der_ocsp_response(response.body).response_status is ocsp.OCSPResponseStatus.TRY_LATER


def test_how_it_wants_to_be_run(world: OcspWorld) -> None:
    """It waits unless told otherwise, and reads at most 8 KiB."""
    assert world.responder.waits(http("GET", "/ocsp"))
    assert not OcspResponder(world.answering, path="/ocsp", clock=world.clock, waits=False).waits(http("GET", "/"))
    assert world.responder.max_body == 8192
