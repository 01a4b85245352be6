"""newOrder."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from cryptography import x509

from emca_daemon.names import ProfileName
from emca_daemon.policy.profile import RequesterRules, ValidityRules
from emca_daemon.protocols.acme.responder import AcmeResponder
from emca_daemon.settings.acme import AcmeProfileSettings
from tests.support.acme_client import AcmeClient, Answer, csr_for
from tests.support.acme_world import SETTINGS, AcmeWorld


@pytest.fixture(scope="module")
def world() -> AcmeWorld:
    """One world for all these tests."""
    return AcmeWorld()


def ordered(world: AcmeWorld, **payload: Any) -> Answer:
    """NewOrder with any payload."""
    client = world.account()
    return client.post(client.url("/new-order"), payload)


def dns(*values: Any) -> list[dict[str, Any]]:
    """Identifiers of the type dns."""
    return [{"type": "dns", "value": value} for value in values]


def test_an_order(world: AcmeWorld) -> None:
    """201, Location, everything that RFC 8555 7.1.3 wants."""
    answer = ordered(world, identifiers=dns("www.example.com", "example.com"), unknown=1)
    assert answer.status == 201
    order = answer.json
    assert order["status"] == "pending"
    assert order["identifiers"] == dns("www.example.com", "example.com")
    assert order["expires"] == "2026-06-08T12:00:00Z"
    assert order["finalize"] == answer.location + "/finalize"
    assert len(order["authorizations"]) == 2
    assert set(order) == {"status", "identifiers", "expires", "finalize", "authorizations"}


def test_names_are_lower_case_and_once(world: AcmeWorld) -> None:
    """Upper case is accepted, duplicates are merged, a wildcard and its base are two."""
    order = ordered(world, identifiers=dns("WWW.Example.COM", "www.example.com", "*.example.com", "example.com")).json
    assert order["identifiers"] == dns("www.example.com", "*.example.com", "example.com")
    assert len(order["authorizations"]) == 3


@pytest.mark.parametrize(
    ("identifiers", "problem"),
    [
        (None, "400 malformed"),
        ([], "400 malformed"),
        ({}, "400 malformed"),
        ("example.com", "400 malformed"),
        (["example.com"], "400 malformed"),
        ([{"value": "example.com"}], "400 malformed"),
        ([{"type": "dns"}], "400 malformed"),
        (dns(7), "400 malformed"),
        ([{"type": 1, "value": "x"}], "400 malformed"),
        ([{"type": "fax", "value": "a@example.com"}], "400 unsupportedIdentifier"),
        ([{"type": "email", "value": "a@example.com"}], "400 rejectedIdentifier"),
        (dns(*(f"n{number}.example.com" for number in range(101))), "400 malformed"),
        *(
            (dns(name), "400 rejectedIdentifier")
            for name in [
                "",
                " ",
                "a b.example.com",
                "example.com.",
                "a..b",
                ".example.com",
                "-a.example.com",
                "a-.example.com",
                "*",
                "*.*.example.com",
                "a.*.example.com",
                "a*.example.com",
                "*.192.0.2.1",
                "192.0.2.1",
                "2001:db8::1",
                "bücher.example",
                "xn--0.example.com",
                "a" * 64 + ".example.com",
                ".".join(["a" * 60] * 5),
                "https://example.com",
                "example.com:443",
                "example.com\x00",
                "%61.example.com",
            ]
        ),
    ],
)
def test_odd_identifiers_are_refused(world: AcmeWorld, identifiers: Any, problem: str) -> None:
    """acme.md's list of what clients get wrong: form malformed, type unsupported, names rejected."""
    assert ordered(world, identifiers=identifiers).problem == problem


def test_several_faults_are_subproblems(world: AcmeWorld) -> None:
    """One each, with its identifier (RFC 8555 6.7.1)."""
    problem = ordered(world, identifiers=dns("good.example.com", "a..b", "-c.example.com")).json
    assert problem["type"].endswith(":rejectedIdentifier")
    assert "and 1 more problem" in problem["detail"]
    assert [one["identifier"]["value"] for one in problem["subproblems"]] == ["a..b", "-c.example.com"]
    assert "identifier" not in problem


def test_one_fault_needs_no_subproblems(world: AcmeWorld) -> None:
    """The detail names it."""
    problem = ordered(world, identifiers=dns("a..b")).json
    assert "a..b" in problem["detail"]
    assert "subproblems" not in problem


def test_policy_is_asked() -> None:
    """Names that the profile excludes are rejected, requesters that it does not know are unauthorized."""
    names = AcmeWorld().profiles[SETTINGS.profile].names
    assert names.dns is not None
    no_wildcards = AcmeWorld(names=replace(names, dns=replace(names.dns, wildcards=False)))
    assert ordered(no_wildcards, identifiers=dns("*.example.com")).problem == "400 rejectedIdentifier"
    assert ordered(no_wildcards, identifiers=dns("www.example.com")).status == 201
    not_acme = AcmeWorld(requesters=RequesterRules(protocols=("est",)))
    assert ordered(not_acme, identifiers=dns("www.example.com")).problem == "403 unauthorized"
    assert not_acme.actions()[-1] == ("order.create", "refused")


def test_what_nothing_can_prove_is_rejected() -> None:
    """A wildcard where dns-01 is not on offer."""
    world = AcmeWorld(replace(SETTINGS, challenges=("http-01",)))
    assert ordered(world, identifiers=dns("*.example.com")).problem == "400 rejectedIdentifier"


@pytest.mark.parametrize(
    "times",
    [
        {"notBefore": "tomorrow"},
        {"notBefore": 1},
        {"notAfter": "2026-05-01T00:00:00Z"},
        {"notBefore": "2026-07-01T00:00:00Z", "notAfter": "2026-06-30T00:00:00Z"},
        {"notAfter": "2026-06-30T00:00:00Z"},
    ],
)
def test_validity_is_honoured_or_refused(world: AcmeWorld, times: dict[str, Any]) -> None:
    """The profile here lets nobody choose: bad or good dates, 400 malformed."""
    assert ordered(world, identifiers=dns("a.example.com"), **times).problem == "400 malformed"


def test_a_validity_that_may_be_chosen_is_chosen() -> None:
    """It is in the order, and in the certificate; too early, too late or too long is 400 malformed."""
    rules = ValidityRules(requested="allow")
    world = AcmeWorld(validity=rules)
    client = world.account()
    order = client.order("a.example.com", notAfter="2026-06-20T00:00:00Z", notBefore="2026-06-01T12:00:00Z")
    assert (order.json["notBefore"], order.json["notAfter"]) == ("2026-06-01T12:00:00Z", "2026-06-20T00:00:00Z")
    for times in ({"notBefore": "2026-05-01T12:00:00Z"}, {"notBefore": "2030-06-01T12:00:00Z"}):
        assert client.order("a.example.com", **times).problem == "400 malformed"
    assert client.order("a.example.com", notAfter="2030-06-01T12:00:00Z").problem == "400 malformed"


def test_profiles_that_are_not_advertised_are_refused(world: AcmeWorld) -> None:
    """InvalidProfile; what is no text is malformed."""
    assert ordered(world, identifiers=dns("a.example.com"), profile="x").problem == "400 invalidProfile"
    assert ordered(world, identifiers=dns("a.example.com"), profile=7).problem == "400 malformed"


def test_an_advertised_profile_is_echoed_and_issued_by() -> None:
    """One endpoint has several; without one the endpoint's own is taken; one that is gone meanwhile is refused."""
    chosen = {"client": AcmeProfileSettings(profile=ProfileName("tls-client"), description="For clients")}
    world = AcmeWorld(replace(SETTINGS, profiles=chosen))
    short = replace(world.profiles[SETTINGS.profile], validity=ValidityRules(duration=timedelta(days=6)))
    world.profiles[ProfileName("tls-client")] = short
    client = world.account()
    order = client.order("a.example.com", profile="client")
    assert order.json["profile"] == "client"
    client.post(client.challenge(order)["url"], {})
    world.work()
    stale = AcmeClient(AcmeResponder(world.make_endpoint(settings=SETTINGS)).respond, SETTINGS.base_url, client.key)
    stale.kid = client.kid
    assert stale.finalize(order, csr_for("a.example.com")).problem == "400 invalidProfile"
    done = client.finalize(order, csr_for("a.example.com"))
    assert done.json["profile"] == "client"
    certificate = x509.load_pem_x509_certificates(client.post(done.json["certificate"]).response.body)[0]
    assert certificate.not_valid_after_utc - world.clock() < timedelta(days=6)
    assert "profile" not in client.order("a.example.com").json


def test_addresses_are_identifiers_too(world: AcmeWorld) -> None:
    """As RFC 5952 writes them (RFC 8738); nothing offers a DNS challenge, and policy is asked."""
    for value in ("192.0.2.1", "2001:db8::1"):
        client = world.account()
        order = client.post(client.url("/new-order"), {"identifiers": [{"type": "ip", "value": value}]})
        assert order.json["identifiers"] == [{"type": "ip", "value": value}]
        assert [one["type"] for one in client.challenges(order)] == ["http-01"]
    for value in ("2001:DB8::1", "2001:db8:0::1", "192.0.2.0/24", "fe80::1%eth0", "192.0.2.01", "a.example.com", ""):
        assert ordered(world, identifiers=[{"type": "ip", "value": value}]).problem == "400 malformed"
    for value in ("0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "ff02::1"):
        assert ordered(world, identifiers=[{"type": "ip", "value": value}]).problem == "400 rejectedIdentifier"
    no_addresses = AcmeWorld(names=replace(world.profiles[SETTINGS.profile].names, ip=None))
    asked = ordered(no_addresses, identifiers=[{"type": "ip", "value": "192.0.2.1"}])
    assert asked.problem == "400 rejectedIdentifier"


def test_an_address_is_certified() -> None:
    """As an iPAddress, and never in the common name (RFC 8738 3)."""
    world = AcmeWorld()
    client = world.account()
    order = client.post(client.url("/new-order"), {"identifiers": [{"type": "ip", "value": "192.0.2.1"}]})
    client.post(client.challenge(order)["url"], {})
    world.work()
    done = client.finalize(order, csr_for(others=(x509.IPAddress(ip_address("192.0.2.1")),)))
    certificate = x509.load_pem_x509_certificates(client.post(done.json["certificate"]).response.body)[0]
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("192.0.2.1")]
    assert not certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)


def test_valid_authorizations_are_used_again() -> None:
    """The order is ready at once; for other accounts, the wildcard or another name it is not."""
    world = AcmeWorld()
    client = world.account()
    first = world.ready_order(client, "a.example.com")
    again = client.order("a.example.com", "b.example.com")
    assert again.json["authorizations"][0] == first.json["authorizations"][0]
    assert again.json["status"] == "pending"
    assert client.order("a.example.com").json["status"] == "ready"
    assert client.order("*.a.example.com").json["status"] == "pending"
    assert world.account().order("a.example.com").json["status"] == "pending"


def test_failed_pending_and_dying_authorizations_are_not() -> None:
    """Nor one that would not outlive the order."""
    world = AcmeWorld()
    client = world.account()
    pending = client.order("a.example.com").json["authorizations"]
    assert client.order("a.example.com").json["authorizations"] != pending
    failed = client.order("f.example.com")
    client.post(client.challenge(failed)["url"], {})
    world.work(right=False)
    assert client.order("f.example.com").json["status"] == "pending"
    valid = world.ready_order(client, "v.example.com").json["authorizations"]
    world.clock.advance(days=22)
    client.forget_nonces()
    assert client.order("v.example.com").json["authorizations"] == valid
    world.clock.advance(days=2)
    client.forget_nonces()
    assert client.order("v.example.com").json["authorizations"] != valid


def test_it_is_signed_by_an_account(world: AcmeWorld) -> None:
    """Not by a key."""
    client = world.client()
    assert client.post(client.url("/new-order"), {"identifiers": dns("a.example.com")}).problem == "400 malformed"
