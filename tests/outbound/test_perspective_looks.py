"""What a perspective does when it is asked."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.outbound.perspective_looks import Looks
from emca_daemon.protocols.acme.challenges import FetchFailure
from emca_daemon.protocols.acme.perspective_messages import CAA, HTTP, TLS, TXT, Question
from emca_daemon.settings.acme import AcmeSettings

NAME = AlternativeName(NameType.DNS, "a.example")


class Network:
    """Says how it was asked."""

    async def fetch(self, host: str, path: str) -> Any:
        """By HTTP."""
        return host, path

    async def probe(self, identifier: AlternativeName) -> Any:
        """By TLS."""
        return identifier

    async def texts(self, name: str, deadline: Any) -> Any:
        """For TXT."""
        assert not deadline.passed
        if name == "broken.example":
            raise Refused(Reason.UNAVAILABLE, "SERVFAIL")
        return (name.encode(),)

    async def raw(self, name: str, kind: int, deadline: Any) -> Any:
        """For others."""
        assert not deadline.passed
        return name, kind


def look(question: Question) -> Any:
    """What is seen."""
    network = Network()
    found: list[Any] = []
    looks = Looks(Clock(), network, network, network, 5.0)
    Deferred.fromCoroutine(looks.look(question)).addBoth(found.append)
    return found[0]


def test_every_kind_of_question_is_looked_at_in_its_way() -> None:
    """HTTP only at the path of challenges."""
    assert look(Question(HTTP, NAME, "t")) == ("a.example", "/.well-known/acme-challenge/t")
    assert look(Question(TLS, NAME)) == NAME
    assert look(Question(TXT, NAME)) == (b"a.example",)
    assert look(Question(CAA, NAME)) == ("a.example", 257)


def test_what_cannot_be_looked_up_is_a_failure_to_report() -> None:
    """Not a refusal of the question."""
    broken = Question(TXT, AlternativeName(NameType.DNS, "broken.example"))
    assert look(broken) == FetchFailure("dns", "SERVFAIL")


def test_settings_make_the_looks() -> None:
    """Nothing is opened before the first."""
    settings: Any = AcmeSettings(base_url="https://ca.example/acme", profile="server")  # type: ignore[arg-type]
    assert Looks.of(Clock(), settings, bytes)._seconds == 10
