"""Orders that wait until CAA was asked again."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.policy.keys import key_fingerprint
from emca_daemon.protocols.acme.awaited import MOST_ATTEMPTS, AwaitedDesk, CaaTask
from emca_daemon.protocols.acme.errors import Problem
from emca_daemon.protocols.acme.records import AwaitedOrder, Binding
from tests.support.acme_client import AcmeClient, Answer, csr_for, external_binding
from tests.support.acme_world import SETTINGS, AcmeWorld
from tests.support.ca_world import BY, START

CAA = replace(SETTINGS, caa="on", caa_identities=("ca.test",))
NAME = "a.example.com"
NO = Problem("caa", "no", 403)
UNKNOWN = Problem("dns", "SERVFAIL")


def name(text: str) -> AlternativeName:
    """A DNS name."""
    return AlternativeName(NameType.DNS, text)


class Case:
    """An order that was finalized nine hours after its names were proved."""

    def __init__(self, *names: str, **changes: Any) -> None:
        self.names = names or (NAME,)
        self.world = AcmeWorld(CAA, **changes)
        self.client: AcmeClient = self.world.account()
        self.order: Answer = self.world.ready_order(self.client, *self.names)
        self.world.clock.advance(hours=9)
        self.client.forget_nonces()
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.csr = csr_for(*self.names, key=self.key)
        self.answer = self.client.finalize(self.order, self.csr)
        self.desk = desk_of(self.world)

    def task(self) -> CaaTask:
        """What is to be asked."""
        (task,) = self.desk.due()
        return task

    def now(self) -> Answer:
        """The order as it stands."""
        self.client.forget_nonces()
        return self.client.post(self.answer.location)


def desk_of(world: AcmeWorld) -> AwaitedDesk:
    """The desk of a process."""
    return AwaitedDesk(world.store, world.enrollment, {"main": CAA}, world.endpoint.weak_keys, world.clock)


def test_an_order_waits_until_caa_was_asked() -> None:
    """Processing with a short Retry-After; every name is asked about, once; then it is issued."""
    case = Case(NAME, "*.example.com")
    assert (case.answer.json["status"], case.answer.header("retry-after")) == ("processing", "3")
    task = case.task()
    assert [(asked.value, asking.wildcard, asking.method) for asked, asking in task.questions] == [
        (NAME, False, "http-01"),
        ("example.com", True, "dns-01"),
    ]
    assert {asking.account_url for _, asking in task.questions} == {case.client.kid}
    assert case.desk.due() == []
    case.desk.finish(task, {})
    assert case.now().json["status"] == "valid"
    assert case.client.post(case.now().json["certificate"]).status == 200
    case.world.clock.advance(hours=1)
    assert case.desk.due() == []


def test_the_same_csr_again_and_another() -> None:
    """Answered with the order, refused."""
    case = Case()
    assert case.client.finalize(case.order, case.csr).json["status"] == "processing"
    assert case.client.finalize(case.order, csr_for(NAME)).problem == "403 orderNotReady"
    assert len(case.desk.due()) == 1


def test_bad_csrs_are_refused_at_once() -> None:
    """And the order stays ready."""
    case = Case()
    ready = case.client.order(NAME)
    assert case.client.finalize(ready, csr_for("b.example.com")).problem == "400 badCSR"
    assert case.client.post(ready.location).json["status"] == "ready"


def test_caa_has_something_against_it() -> None:
    """Invalid, with the problem, or one for each name."""
    case = Case()
    case.desk.finish(case.task(), {name(NAME): NO})
    error = case.now().json["error"]
    assert (error["type"].rpartition(":")[2], "identifier" in error) == ("caa", False)
    assert case.world.actions()[-1] == ("order.finalize", "refused")
    case = Case(NAME, "b.example.com")
    case.desk.finish(case.task(), {name(NAME): NO, name("b.example.com"): UNKNOWN})
    assert len(case.now().json["error"]["subproblems"]) == 2
    case.desk.finish(CaaTask(*_parts(case)), {name(NAME): NO})


def _parts(case: Case) -> Any:
    """A task that comes too late."""
    with case.world.store.reading() as tx:
        order = tx.acme.order(case.answer.location.rpartition("/")[2])
    assert order is not None
    return AwaitedOrder(order.id, case.csr, START), order, "x", ()


def test_what_cannot_be_asked_is_asked_again() -> None:
    """A few times; then the order is refused."""
    case = Case()
    for _ in range(MOST_ATTEMPTS - 1):
        case.desk.finish(case.task(), {name(NAME): UNKNOWN})
        assert case.now().json["status"] == "processing"
        case.world.clock.advance(minutes=3)
    case.desk.finish(case.task(), {name(NAME): UNKNOWN})
    assert case.now().json["error"]["type"].endswith(":dns")


def test_a_key_that_is_down_is_waited_for() -> None:
    """The order is issued once it is back."""
    case = Case()
    case.world.keys.down = True
    case.desk.finish(case.task(), {})
    assert case.now().json["status"] == "processing"
    case.world.keys.down = False
    case.world.clock.advance(minutes=3)
    case.desk.finish(case.task(), {})
    assert case.now().json["status"] == "valid"


def test_two_reports_issue_once() -> None:
    """The second finds that nothing waits."""
    case = Case()
    task = case.task()
    case.desk.finish(task, {})
    case.desk.finish(task, {})
    assert case.now().json["status"] == "valid"
    assert case.world.actions().count(("certificate.issue", "success")) == 3


def test_a_person_may_still_have_to_approve() -> None:
    """The order waits for that, then, and for nothing else."""
    case = Case(approval="manual")
    case.desk.finish(case.task(), {})
    case.world.clock.advance(minutes=3)
    assert case.desk.due() == []
    with case.world.store.reading() as tx:
        (request,) = tx.pending.list(None)
    case.world.approval.approve(request.id, BY)
    assert case.now().json["status"] == "valid"


def test_accounts_and_keys_that_ended_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deactivated account's order and a compromised key's are invalid; what policy refuses, too."""
    case = Case()
    case.client.post(case.client.kid or "", {"status": "deactivated"})
    assert case.desk.due() == []
    case = Case()
    with case.world.store.writing() as tx:
        tx.certificates.block_key(key_fingerprint(case.key.public_key()), START)
    case.desk.finish(case.task(), {})
    assert case.now().json["error"]["type"].endswith(":badCSR")

    def refusing(*_: object, **__: object) -> None:
        raise Refused(Reason.NOT_PERMITTED, "no")

    case = Case()
    monkeypatch.setattr(case.world.enrollment, "enroll", refusing)
    case.desk.finish(case.task(), {})
    assert case.now().json["status"] == "invalid"


def test_names_that_were_never_looked_up_are_asked_about() -> None:
    """Those of an external account, by a method that is no challenge (RFC 8657 4)."""
    world = AcmeWorld(replace(CAA, external_accounts="required"))
    with world.store.writing() as tx:
        tx.acme.add_binding(Binding("k", None, b"s", START, proved_names=("*",)))
    client = world.client()
    client.register(externalAccountBinding=external_binding(client, b"s", kid="k"))
    assert client.finalize(client.order(NAME), csr_for(NAME)).json["status"] == "processing"
    (task,) = desk_of(world).due()
    assert [asking.method for _, asking in task.questions] == ["ca-external-account"]
