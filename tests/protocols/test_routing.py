"""Which protocol answers a path."""

import pytest

from emca_daemon.protocols.http import Request, Response
from emca_daemon.protocols.routing import Mount, Routes


class Named:
    """A responder that can be told from others."""

    max_body = 0

    def respond(self, request: Request) -> Response:
        """Say nothing."""
        return Response(204)

    def waits(self, request: Request) -> bool:
        """Answer from memory."""
        return False

    def failed(self, request: Request) -> Response:
        """Say that it was a bug."""
        return Response(500)

    def busy(self, request: Request) -> Response:
        """Say that it may be tried later."""
        return Response(503)


ACME, ACME_TWO, OCSP, REST = Named(), Named(), Named(), Named()
ROUTES = Routes((Mount("/acme", ACME), Mount("/acme/two", ACME_TWO), Mount("/ocsp", OCSP)))


@pytest.mark.parametrize(
    ("path", "responder"),
    [
        ("/acme", ACME),
        ("/acme/", ACME),
        ("/acme/new-order", ACME),
        ("/acme/two", ACME_TWO),
        ("/acme/two/new-order", ACME_TWO),
        ("/acme/twofold", ACME),
        ("/ocsp/MEk=", OCSP),
        ("/ocspx", None),
        ("/", None),
        ("", None),
        ("/x/acme", None),
    ],
)
def test_the_longest_mount_answers_a_path_and_what_is_below(path: str, responder: Named | None) -> None:
    """A path that only begins with the same letters is not below."""
    assert ROUTES.find(path) is responder


def test_the_empty_mount_answers_what_is_left() -> None:
    """Every path is below it."""
    routes = Routes((Mount("", REST), Mount("/ocsp", OCSP)))
    assert routes.find("/ocsp") is OCSP
    assert routes.find("/anything") is REST


@pytest.mark.parametrize(
    ("path", "responder"),
    [
        ("/x/pkiclient.exe", REST),
        ("/x/pkiclient.exe/", REST),
        ("/pkiclient.exe", REST),
        ("/acme/pkiclient.exe", ACME),
        ("/x/y/pkiclient.exe", None),
        ("/x/pkiclient.exes", None),
        ("/x/", None),
        ("//pkiclient.exe", REST),
        ("/x//pkiclient.exe", REST),
        ("//acme//pkiclient.exe", None),
    ],
)
def test_a_mount_may_follow_any_segment(path: str, responder: Named | None) -> None:
    """One at the most, and where no other mount has the path."""
    routes = Routes((Mount("/pkiclient.exe", REST, after_any=True), Mount("/acme", ACME)))
    assert routes.find(path) is responder


def test_slashes_too_many_are_overlooked_where_the_mount_says_so() -> None:
    """Old devices write them; everywhere else a path is what it is."""
    routes = Routes((Mount("/scep", ACME, doubled_slashes=True), Mount("/ocsp", OCSP)))
    assert routes.find("//scep//pkiclient.exe") is ACME
    assert routes.find("/scep///x") is ACME
    assert routes.find("//ocsp") is None
    assert routes.find("//scepter") is None


def test_letters_may_be_capitals_where_that_does_not_matter() -> None:
    """With a slash too many as well; elsewhere it matters."""
    routes = Routes((Mount("/certsrv/Page", REST, any_case=True), Mount("/certsrv", ACME), Mount("/ocsp", OCSP)))
    for path in ("/certsrv/Page", "/CertSrv/page/x", "/CERTSRV//PAGE"):
        assert routes.find(path) is REST
    assert routes.find("/certsrv/pages") is ACME
    assert routes.find("/CertSrv/pages") is routes.find("/OCSP") is None
