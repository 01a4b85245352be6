"""finalize."""

from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.errors import Reason, Refused
from emca_daemon.policy.profile import ValidityRules
from emca_daemon.protocols.acme.responder import AcmeResponder
from tests.support.acme_client import AcmeClient, Answer, b64, csr_for
from tests.support.acme_world import AcmeWorld
from tests.support.ca_world import BY

NAME = "www.example.com"


@pytest.fixture(scope="module")
def world() -> AcmeWorld:
    """One world for the refusals."""
    return AcmeWorld()


def location(order: Answer) -> str:
    """The address of an order, from any answer that holds it."""
    return str(order.json["finalize"]).removesuffix("/finalize")


def names_of(certificate: x509.Certificate) -> list[str]:
    """The DNS names in it."""
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return extension.value.get_values_for_type(x509.DNSName)


def test_the_certificate_is_there_with_the_answer(world: AcmeWorld) -> None:
    """200, Location, valid: clients need not poll (RFC 8555 7.4)."""
    client = world.account()
    order = world.ready_order(client, NAME)
    done = client.finalize(order, csr_for(NAME))
    assert (done.status, done.location, done.json["status"]) == (200, location(order), "valid")
    assert done.header("retry-after") is None
    assert client.post(location(order)).json == done.json


@pytest.mark.parametrize(
    ("names", "csr"),
    [
        ((NAME,), csr_for(common_name=NAME)),
        ((NAME,), csr_for(NAME, common_name=NAME)),
        ((NAME,), csr_for(NAME.upper())),
        ((NAME, "b.example.com"), csr_for("b.example.com", common_name="WWW.example.com")),
        (("*.example.com", "example.com"), csr_for("example.com", "*.example.com")),
        ((NAME,), csr_for(NAME, key=rsa.generate_private_key(65537, 2048))),
    ],
)
def test_names_in_any_legal_place(world: AcmeWorld, names: tuple[str, ...], csr: bytes) -> None:
    """In the common name, the alternative names, or both; any case, any order."""
    certificate = world.issue(world.account(), *names, csr=csr)
    assert sorted(names_of(certificate)) == sorted(names)


def bad_csrs() -> list[Any]:
    """CSRs that are refused for an order for NAME."""
    address = x509.IPAddress(ip_address("192.0.2.1"))
    flipped = bytearray(csr_for(NAME))
    flipped[-1] ^= 1
    return [
        b"",
        b"no DER",
        csr_for("other.example.com"),
        csr_for(NAME, "other.example.com"),
        csr_for(),
        csr_for(NAME, common_name="other.example.com"),
        csr_for(NAME, common_name="My Server"),
        csr_for(NAME, common_name="192.0.2.1"),
        csr_for(NAME, others=(address,)),
        csr_for(NAME, others=(x509.RFC822Name("a@example.com"),)),
        csr_for(NAME, key=rsa.generate_private_key(65537, 1024)),
        csr_for(NAME, key=ec.generate_private_key(ec.SECP256K1())),
        bytes(flipped),
    ]


def test_bad_csrs_are_refused_and_the_order_stays_ready(world: AcmeWorld) -> None:
    """BadCSR for names, other types of name, weak keys, a bad self-signature, and what is no CSR."""
    client = world.account()
    order = world.ready_order(client, NAME)
    for csr in bad_csrs():
        assert client.finalize(order, csr).problem == "400 badCSR"
    for payload in ({}, {"csr": None}, {"csr": "a=="}):
        assert client.post(order.json["finalize"], payload).problem == "400 badCSR"
    assert client.post(order.json["finalize"], []).problem == "400 malformed"
    assert world.actions()[-1] == ("order.finalize", "refused")
    assert client.post(location(order)).json["status"] == "ready"
    assert client.finalize(order, csr_for(NAME)).json["status"] == "valid"


def test_account_keys_are_not_certified(world: AcmeWorld) -> None:
    """Neither one's own nor anybody else's (RFC 8555 11.1)."""
    client, other = world.account(), world.account()
    order = world.ready_order(client, NAME)
    for key in (client.key, other.key):
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        assert client.finalize(order, csr_for(NAME, key=key)).problem == "400 badCSR"


def test_orders_that_are_not_ready_are_refused(world: AcmeWorld) -> None:
    """Pending, invalid, valid with another CSR: 403 orderNotReady; nothing changes."""
    client = world.account()
    pending = client.order("pending.example.com")
    assert client.finalize(pending, csr_for("pending.example.com")).problem == "403 orderNotReady"
    assert client.post(pending.location).json["status"] == "pending"
    done = world.ready_order(client, NAME)
    assert client.finalize(done, csr_for(NAME)).status == 200
    assert client.finalize(done, csr_for(NAME)).problem == "403 orderNotReady"


def test_the_same_csr_again_is_answered(world: AcmeWorld) -> None:
    """The first answer may have been lost; nothing is issued twice, and the nonce is spent."""
    client = world.account()
    order, csr = world.ready_order(client, NAME), csr_for(NAME)
    first = client.finalize(order, csr)
    issued = world.actions().count(("certificate.issue", "success"))
    nonce = client.nonce()
    payload = {"csr": b64(csr)}
    again = client.post(order.json["finalize"], payload, nonce=nonce)
    assert (again.status, again.json) == (200, first.json)
    assert client.post(order.json["finalize"], payload, nonce=nonce).problem == "400 badNonce"
    assert world.actions().count(("certificate.issue", "success")) == issued


def test_orders_are_private(world: AcmeWorld) -> None:
    """Another account's: 403; none: 404."""
    client, other = world.account(), world.account()
    order = world.ready_order(client, NAME)
    assert other.finalize(order, csr_for(NAME)).problem == "403 unauthorized"
    assert client.post(client.url("/order/none/finalize"), {"csr": "AA"}).problem == "404 malformed"


def test_two_at_once_issue_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order is asked again in the intent's own transaction; the loser gets orderNotReady."""
    world = AcmeWorld()
    client = world.account()
    order = world.ready_order(client, NAME)
    answers: list[Answer] = []
    monkeypatch.setattr(world.enrollment, "enroll", _racing(world, client, order, answers))
    assert client.finalize(order, csr_for(NAME)).problem == "403 orderNotReady"
    assert [answer.json["status"] for answer in answers] == ["valid"]
    assert world.actions().count(("certificate.issue", "success")) == 3


def _racing(world: AcmeWorld, client: Any, order: Answer, answers: list[Answer]) -> Any:
    """An enroll before which another finalization comes first."""
    real = world.enrollment.enroll

    def enroll(*args: Any, **kwargs: Any) -> Any:
        world.enrollment.enroll = real  # type: ignore[method-assign]
        answers.append(client.finalize(order, csr_for(NAME)))
        return real(*args, **kwargs)

    return enroll


def test_a_key_that_is_down_loses_nothing() -> None:
    """503, no serial is taken, the order is ready as before, and the same CSR gets its certificate later."""
    world = AcmeWorld()
    client = world.account()
    order = world.ready_order(client, NAME)
    world.keys.down = True
    csr = csr_for(NAME)
    answer = client.finalize(order, csr)
    assert answer.problem == "503 serverInternal"
    assert answer.header("retry-after") == "5"
    world.keys.down = False
    assert client.post(location(order)).json["status"] == "ready"
    assert world.actions()[-1] == ("certificate.request", "refused")
    assert client.finalize(order, csr).json["status"] == "valid"


def test_a_key_that_goes_down_while_it_signs_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """503, the serial is abandoned, the order is ready as before, and the same CSR gets its certificate later."""
    world = AcmeWorld()
    client = world.account()
    order, csr = world.ready_order(client, NAME), csr_for(NAME)

    def failing(*_arguments: object, **_named: object) -> None:
        raise Refused(Reason.UNAVAILABLE, "the token does not answer", retry_after=5)

    with monkeypatch.context() as patch:
        patch.setattr("emca_daemon.ca.cycle.sign_certificate", failing)
        assert client.finalize(order, csr).problem == "503 serverInternal"
    assert client.post(location(order)).json["status"] == "ready"
    assert world.actions()[-1] == ("certificate.issue", "failed")
    assert client.finalize(order, csr).json["status"] == "valid"


def test_a_signature_that_fails_makes_the_order_invalid(monkeypatch: pytest.MonkeyPatch) -> None:
    """The intent stands, nothing can be issued under it: the order says serverInternal."""
    world = AcmeWorld()
    client = world.account()
    order = world.ready_order(client, NAME)

    def broken(*_arguments: object, **_named: object) -> None:
        raise Refused(Reason.INTERNAL, "the signature is wrong")

    with monkeypatch.context() as patch:
        patch.setattr("emca_daemon.ca.cycle.sign_certificate", broken)
        assert client.finalize(order, csr_for(NAME)).problem == "500 serverInternal"
    after = client.post(location(order)).json
    assert after["status"] == "invalid"
    assert after["error"]["type"].endswith(":serverInternal")


def test_compromised_keys_are_not_certified() -> None:
    """Once its owner revoked a certificate for keyCompromise, by the key itself, in any process (RFC 8555 7.6)."""
    world = AcmeWorld()
    client, key = world.account(), ec.generate_private_key(ec.SECP256R1())
    certificate = world.issue(client, NAME, csr=csr_for(NAME, key=key))
    owner, payload = world.client(key), {"certificate": b64(certificate.public_bytes(Encoding.DER)), "reason": 1}
    assert owner.post(owner.url("/revoke-cert"), payload).status == 200
    refused = client.finalize(client.order(NAME), csr_for(NAME, key=key))
    assert (refused.problem, "compromised" in refused.json["detail"]) == ("400 badCSR", True)
    other = AcmeClient(AcmeResponder(world.make_endpoint()).respond, world.settings.base_url, key)
    assert other.post(other.url("/new-account"), {}).problem == "400 badPublicKey"
    assert client.change_key(key).problem == "400 badPublicKey"


def test_the_validity_asked_for_is_in_the_certificate() -> None:
    """Honoured to the second."""
    world = AcmeWorld(validity=ValidityRules(requested="allow"))
    client = world.account()
    order = client.order(NAME, notBefore="2026-06-01T12:00:00Z", notAfter="2026-06-20T00:00:00Z")
    client.post(client.challenge(order)["url"], {})
    world.work()
    done = client.finalize(order, csr_for(NAME))
    certificate = x509.load_pem_x509_certificates(client.post(done.json["certificate"]).response.body)[0]
    assert certificate.not_valid_before_utc == datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert certificate.not_valid_after_utc == datetime(2026, 6, 20, tzinfo=UTC)


def test_a_person_may_have_to_approve() -> None:
    """Processing with Retry-After; valid once approved (RFC 8555 7.4)."""
    world = AcmeWorld(approval="manual")
    client = world.account()
    order, csr = world.ready_order(client, NAME), csr_for(NAME)
    for answer in (client.finalize(order, csr), client.finalize(order, csr), client.post(location(order))):
        assert (answer.status, answer.json["status"]) == (200, "processing")
        assert answer.header("retry-after") == "60"
    assert client.post(client.url("/certificate/") + location(order).rpartition("/")[2]).problem == "404 malformed"
    with world.store.reading() as tx:
        (request,) = tx.pending.list(None)
    world.approval.approve(request.id, BY)
    done = client.post(location(order))
    assert done.json["status"] == "valid"
    assert client.post(done.json["certificate"]).status == 200


def test_a_person_may_reject() -> None:
    """Invalid, with what was said."""
    world = AcmeWorld(approval="manual")
    client = world.account()
    order = world.ready_order(client, NAME)
    client.finalize(order, csr_for(NAME))
    with world.store.reading() as tx:
        (request,) = tx.pending.list(None)
    world.approval.reject(request.id, BY, "not this one")
    answer = client.post(location(order)).json
    assert answer["status"] == "invalid"
    assert answer["error"]["type"].endswith(":unauthorized")
    assert "not this one" in answer["error"]["detail"]


def test_policy_has_the_last_word(world: AcmeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the CA refuses about the CSR is badCSR, the rest keeps its own type."""
    client = world.account()
    order = world.ready_order(client, NAME)

    def refusing(reason: Reason) -> Any:
        def enroll(*_args: Any, **_kwargs: Any) -> None:
            raise Refused(reason, "no")

        return enroll

    for reason, problem in (
        (Reason.KEY_REFUSED, "400 badCSR"),
        (Reason.PROFILE_REFUSED, "400 badCSR"),
        (Reason.NOT_PERMITTED, "403 unauthorized"),
        (Reason.UNAVAILABLE, "503 serverInternal"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(world.enrollment, "enroll", refusing(reason))
            assert client.finalize(order, csr_for(NAME)).problem == problem
