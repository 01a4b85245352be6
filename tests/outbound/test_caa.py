"""Looking for CAA records."""

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.outbound.caa import CaaCheck
from emca_daemon.outbound.waiting import Deadline
from emca_daemon.protocols.acme.caa import Asking
from emca_daemon.protocols.acme.errors import Problem

OURS, OTHERS = b"\x00\x05issueca.test", b"\x00\x05issuenobody.test"
ASKING = Asking(("ca.test",), "https://ca.test/acme/account/1", "http-01", wildcard=False)


class Zone:
    """Stands for look-ups."""

    def __init__(self, **records: bytes | Refused) -> None:
        self._records = {name.replace("_", "."): record for name, record in records.items()}
        self.asked: list[str] = []

    async def raw(self, name: str, kind: int, deadline: Deadline) -> tuple[bytes, ...]:
        """The record of a name."""
        assert (kind, deadline.passed) == (257, False)
        self.asked.append(name)
        found = self._records.get(name, b"")
        if isinstance(found, Refused):
            raise found
        return (found,) if found else ()


def problem_of(zone: Zone, name: str, kind: NameType = NameType.DNS) -> Problem | None:
    """What came of asking."""
    check = CaaCheck(Clock(), zone, 10)  # type: ignore[arg-type]
    results: list[Problem | None] = []
    Deferred.fromCoroutine(check.problem(AlternativeName(kind, name), ASKING)).addCallback(results.append)
    return results[0]


def test_the_nearest_set_counts() -> None:
    """Its own, or that of the next name above; nobody is asked beyond it (RFC 8659 3)."""
    zone = Zone(b_test=OURS, test=OTHERS)
    assert problem_of(zone, "www.a.b.test") is None
    assert zone.asked == ["www.a.b.test", "a.b.test", "b.test"]
    assert problem_of(Zone(a_b_test=OTHERS, b_test=OURS), "a.b.test") is not None


def test_no_set_at_all_lets_everybody_issue() -> None:
    """Up to the top-level domain, the root aside."""
    zone = Zone()
    assert problem_of(zone, "a.test") is None
    assert zone.asked == ["a.test", "test"]


def test_what_cannot_be_found_out_is_refused() -> None:
    """As a DNS problem, which may pass."""
    problem = problem_of(Zone(a_test=Refused(Reason.UNAVAILABLE, "SERVFAIL")), "a.test")
    assert problem is not None
    assert problem.type == "dns"


def test_mailboxes_are_asked_by_their_domain() -> None:
    """For `issuemail` records (RFC 9495)."""
    zone = Zone(b_test=b"\x00\x09issuemailnobody.test")
    assert problem_of(zone, "alice@a.b.test", NameType.EMAIL) is not None
    assert zone.asked == ["a.b.test", "b.test"]
    assert problem_of(Zone(b_test=OTHERS), "alice@b.test", NameType.EMAIL) is None


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_addresses_have_no_records(address: str) -> None:
    """So none are asked for."""
    zone = Zone()
    assert problem_of(zone, address, NameType.IP) is None
    assert zone.asked == []
