"""CAA record sets of hidden services, sent with the order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.errors import Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.protocols.acme.awaited import AwaitedDesk
from emca_daemon.protocols.acme.caa import Asking
from emca_daemon.protocols.acme.errors import AcmeRefusal
from emca_daemon.protocols.acme.onion_caa import LONGEST, check_onion_caa, read_records
from tests.support.acme_client import Answer, b64, csr_for
from tests.support.acme_world import SETTINGS, AcmeWorld
from tests.support.onion import Service

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SOON = int(NOW.timestamp()) + 3600
ASKING = Asking(("ca.test",), "https://ca.test/acme/account/1", "onion-csr-01", wildcard=False)
SERVICE = Service()
NAME = AlternativeName(NameType.DNS, f"www.{SERVICE.address}")
ISSUE = 'caa 128 issue "ca.test; validationmethods=onion-csr-01"'


def kind_of(given: object, name: AlternativeName = NAME, asking: Asking = ASKING) -> str:
    """The type of the problem, empty if there is none."""
    try:
        check_onion_caa(given, (name,), lambda _name: asking, NOW)
    except AcmeRefusal as refused:
        return refused.problem.type
    except Refused as refused:
        return refused.reason.name
    return ""


def sent(text: str | None, at: int = SOON, **changes: Any) -> dict[str, Any]:
    """A record set of the service, signed; `changes` replace its members afterwards."""
    return {SERVICE.address: {**SERVICE.caa(text, at), **changes}}


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        ISSUE,
        f'{ISSUE}\ncaa 0 iodef "mailto:security@example.com"',
        f"{ISSUE}\r\n",
        "caa 0 issue ca.test",
        'caa 0 issue "ca.test; accounturi=https://ca.test/acme/account/1"',
        'caa 0 issue "other.test"\ncaa 0 issue "ca.test"',
    ],
)
def test_records_that_let_us_issue(text: str | None) -> None:
    """None at all among them; the names beneath a service share its records (RFC 9799 6.1)."""
    assert kind_of(sent(text)) == ""
    assert kind_of(sent(text), AlternativeName(NameType.DNS, f"*.{SERVICE.address}")) == ""


@pytest.mark.parametrize(
    "text",
    [
        'caa 0 issue ";"',
        'caa 0 issue "other.test"',
        'caa 0 issue "ca.test; validationmethods=http-01"',
        'caa 0 issue "ca.test; accounturi=https://ca.test/acme/account/2"',
        'caa 128 unheardof "x"',
    ],
)
def test_records_that_do_not(text: str) -> None:
    """The CAA problem, as for records of the DNS."""
    assert kind_of(sent(text)) == "caa"


def test_wildcards_have_records_of_their_own() -> None:
    """With `issuewild` they count, for wildcards alone."""
    text = 'caa 0 issue "ca.test"\ncaa 0 issuewild ";"'
    assert kind_of(sent(text)) == ""
    assert kind_of(sent(text), asking=replace(ASKING, wildcard=True)) == "caa"


@pytest.mark.parametrize("given", [None, {}, {Service().address: SERVICE.caa(None, SOON)}])
def test_without_records_there_is_no_certificate(given: object) -> None:
    """They are not fetched through Tor: onionCAARequired."""
    assert kind_of(given) == "onionCAARequired"


@pytest.mark.parametrize(
    "given",
    [
        [],
        "x",
        {SERVICE.address: "x"},
        {SERVICE.address: {}},
        sent(None, caa=1),
        sent(None, caa="x" * 65_537),
        sent(None, expiry="soon"),
        sent(None, expiry=True),
        sent(None, expiry=-1),
        sent(None, expiry=10**20),
        sent(None, expiry=1.5),
        sent(None, signature=None),
        sent(None, signature="a+b"),
        sent("issue ca.test"),
        sent("caa 256 issue ca.test"),
        sent("caa 0  issue ca.test"),
        sent('caa 0 issue "ca.test'),
        sent('caa 0 iss-ue "ca.test"'),
        sent("caa 0 issue ca.test; x"),
    ],
)
def test_what_is_no_record_set_is_malformed(given: object) -> None:
    """Types, times, signatures, lines."""
    assert kind_of(given) in {"malformed", "MALFORMED"}


@pytest.mark.parametrize(
    "given",
    [
        sent(None, signature=""),
        sent(None, signature=b64(bytes(64))),
        sent(ISSUE, caa=None),
        sent(ISSUE, expiry=SOON + 1),
        {SERVICE.address: Service().caa(None, SOON)},
        sent(None, int(NOW.timestamp())),
        sent(None, int((NOW + LONGEST).timestamp()) + 1),
    ],
)
def test_only_the_service_says_so_and_for_hours(given: object) -> None:
    """Another signature, another text or time than was signed; what has run out or lasts too long."""
    assert kind_of(given) == "unauthorized"


def test_a_padded_signature_is_read() -> None:
    """As the example of RFC 9799 has it."""
    signed = SERVICE.caa(None, SOON)
    assert kind_of({SERVICE.address: {**signed, "signature": signed["signature"] + "=="}}) == ""


def test_names_elsewhere_are_not_looked_at() -> None:
    """They have the DNS."""
    assert kind_of(None, AlternativeName(NameType.DNS, "a.example.com")) == ""


def test_a_value_in_quotes_is_unescaped() -> None:
    """As zone files write them."""
    assert read_records('caa 0 issue "a\\"b\\\\c"') == (b'\0\5issuea"b\\c',)


@given(st.text(max_size=300))
def test_any_text_is_read_or_malformed(text: str) -> None:
    """No stack trace."""
    try:
        assert all(len(record) > 2 for record in read_records(text))
    except AcmeRefusal as refused:
        assert refused.problem.type == "malformed"  # noqa: PT017


class Case:
    """A ready order for a hidden service's name, and perhaps one elsewhere, where CAA is obeyed."""

    def __init__(self, *others: str) -> None:
        self.settings = replace(SETTINGS, challenges=("http-01", "onion-csr-01"), caa="on", caa_identities=("ca.test",))
        self.world = AcmeWorld(self.settings)
        self.client = self.world.account()
        self.names = (SERVICE.address, *others)
        self.order = self.client.order(*self.names)
        for challenge in self.client.challenges(self.order):
            proof = SERVICE.proof(challenge) if challenge["type"] == "onion-csr-01" else {}
            assert self.client.post(challenge["url"], proof).status == 200
        self.world.work()

    def finalize(self, text: str | None = None, **members: Any) -> Answer:
        """Finalize with a record set."""
        expiry = int((self.world.clock.now + timedelta(hours=1)).timestamp())
        payload = {"csr": b64(csr_for(*self.names)), "onionCAA": {SERVICE.address: SERVICE.caa(text, expiry)}}
        given = {**payload, **members}
        return self.client.post(self.order.json["finalize"], {key: one for key, one in given.items() if one})


def test_an_order_needs_the_records() -> None:
    """The directory says so; without them, or against them, the order stays ready, and the refusal is on record."""
    case = Case()
    assert case.client.send("GET", case.client.url("/directory")).json["meta"]["inBandOnionCAARequired"] is True
    assert case.finalize(onionCAA=None).problem == "400 onionCAARequired"
    assert case.world.actions()[-1] == ("order.finalize", "refused")
    assert case.finalize('caa 0 issue ";"').problem == "403 caa"
    assert case.finalize('caa 0 issue "ca.test; validationmethods=http-01"').problem == "403 caa"
    assert case.client.post(case.order.location).json["status"] == "ready"
    account = f'caa 0 issue "ca.test; accounturi={case.client.kid}; validationmethods=onion-csr-01"'
    assert case.finalize(account).json["status"] == "valid"


def test_the_dns_is_asked_for_other_names_only() -> None:
    """Also when an order is finalized late."""
    case = Case("a.example.com")
    case.world.clock.advance(hours=9)
    case.client.forget_nonces()
    assert case.finalize().json["status"] == "processing"
    world = case.world
    desk = AwaitedDesk(world.store, world.enrollment, {"main": case.settings}, world.endpoint.weak_keys, world.clock)
    (task,) = desk.due()
    assert [name.value for name, _ in task.questions] == ["a.example.com"]
    desk.finish(task, {})
    assert case.client.post(case.order.location).json["status"] == "valid"


def test_an_order_for_services_alone_waits_for_nobody() -> None:
    """However long ago they were proved."""
    case = Case()
    case.world.clock.advance(hours=9)
    case.client.forget_nonces()
    assert case.finalize().json["status"] == "valid"
