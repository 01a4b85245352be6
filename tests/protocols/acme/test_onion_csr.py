"""onion-csr-01, from the order to the certificate."""

from base64 import b64decode
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.names import NameType
from emca_daemon.policy.profile_names import DnsRules, NameRules
from emca_daemon.protocols.acme.challenges import offered
from emca_daemon.protocols.acme.onion_csr import nonce_text
from emca_daemon.settings.acme import CHALLENGES
from tests.support.acme_client import AcmeClient, Answer, b64, csr_for
from tests.support.acme_world import SETTINGS, AcmeWorld
from tests.support.onion import Service, attribute, other_key

CA_NONCE, OWN_NONCE = "2.23.140.41", "2.23.140.42"
ONION = replace(SETTINGS, challenges=CHALLENGES, caa_identities=("ca.test",))


class Case:
    """An order for a name of a hidden service, not proved yet."""

    def __init__(self, prefix: str = "") -> None:
        self.world = AcmeWorld(ONION, names=NameRules(dns=DnsRules(wildcards=True)))
        self.service = Service()
        self.client: AcmeClient = self.world.account()
        self.name = prefix + self.service.address
        self.order: Answer = self.client.order(self.name)
        (self.challenge,) = self.client.challenges(self.order)

    def respond(self, **payload: Any) -> Answer:
        """A response to the challenge."""
        return self.client.post(self.challenge["url"], payload)

    def error_of(self, csr: bytes) -> tuple[str, str]:
        """Type and detail of the error that a CSR leaves in the challenge, which is invalid then."""
        answer = self.respond(csr=b64(csr))
        assert (answer.status, answer.json["status"]) == (200, "invalid"), answer
        assert self.client.post(self.order.location).json["status"] == "invalid"
        assert self.world.actions()[-1] == ("authorization.validate", "failed")
        return answer.json["error"]["type"].rpartition(":")[2], answer.json["error"]["detail"]


@pytest.mark.parametrize("prefix", ["", "www.", "*.", "*.a."])
def test_a_service_proves_its_names(prefix: str) -> None:
    """Valid at once in the answer, wildcards too; then the certificate is issued; the proof is in the audit chain."""
    case = Case(prefix)
    assert case.challenge["type"] == "onion-csr-01"
    assert len(b64decode(case.challenge["nonce"], validate=True)) >= 8
    assert "authKey" not in case.challenge
    answer = case.respond(**case.service.proof(case.challenge))
    assert (answer.status, answer.json["status"]) == (200, "valid"), answer.json
    assert answer.json["validated"]
    assert case.world.actions()[-1] == ("authorization.validate", "success")
    assert case.respond(**case.service.proof(case.challenge)).json["status"] == "valid"
    done = case.client.finalize(case.client.post(case.order.location), csr_for(case.name))
    pem = case.client.post(done.json["certificate"]).response.body
    names = x509.load_pem_x509_certificates(pem)[0].extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.value.get_values_for_type(x509.DNSName) == [case.name]
    assert case.client.order(case.name).json["status"] == "ready"


def test_nothing_else_is_offered_and_nothing_without() -> None:
    """Neither DNS nor a connection reaches a hidden service; names elsewhere have no onion-csr-01."""
    assert offered(CHALLENGES, NameType.DNS, wildcard=True, onion=True) == ("onion-csr-01",)
    assert "onion-csr-01" not in offered(CHALLENGES, NameType.DNS, wildcard=False)
    assert AcmeWorld().account().order(Service().address).problem == "400 rejectedIdentifier"
    assert AcmeWorld(ONION).account().order("example.onion").problem == "400 rejectedIdentifier"


@pytest.mark.parametrize("payload", [{}, {"csr": 1}, {"csr": "a+b="}, {"csr": None}])
def test_what_is_no_response_leaves_the_challenge(payload: dict[str, Any]) -> None:
    """400 malformed; the client may try again."""
    case = Case()
    assert case.respond(**payload).problem == "400 malformed"
    assert case.client.post(case.challenge["url"]).json["status"] == "pending"
    assert case.respond(**case.service.proof(case.challenge)).json["status"] == "valid"


def test_another_key_or_signature_is_refused() -> None:
    """Only the service's own key counts."""
    case = Case()
    foreign = Service().proof(case.challenge)["csr"]
    answer = case.respond(csr=foreign)
    assert answer.json["error"]["type"].endswith(":unauthorized")
    assert answer.json["error"]["status"] == 403
    case = Case()
    nonces = attribute(CA_NONCE, b64decode(case.challenge["nonce"])), attribute(OWN_NONCE, bytes(8))
    assert case.error_of(case.service.csr(*nonces, key=other_key()))[0] == "unauthorized"
    case = Case()
    nonces = attribute(CA_NONCE, b64decode(case.challenge["nonce"])), attribute(OWN_NONCE, bytes(8))
    csr = case.service.csr(*nonces)
    assert case.error_of(csr[:-1] + bytes([csr[-1] ^ 1])) == ("badCSR", "the signature of the CSR is wrong")


def test_a_nonce_that_is_not_ours_is_refused() -> None:
    """Another challenge's, or one that begins like ours."""
    for change in (lambda nonce: nonce[:-1], lambda nonce: bytes(len(nonce)), lambda nonce: b""):
        case = Case()
        nonce = change(b64decode(case.challenge["nonce"]))
        csr = case.service.csr(attribute(CA_NONCE, nonce), attribute(OWN_NONCE, bytes(8)))
        assert case.error_of(csr)[0] == "unauthorized"


@pytest.mark.parametrize("octets", [0, 7, 1025])
def test_the_clients_nonce_has_a_length(octets: int) -> None:
    """64 bits at the least."""
    case = Case()
    csr = b64(case.service.csr())
    proof = case.service.proof(case.challenge, bytes(octets))
    assert proof["csr"] != csr
    answer = case.respond(**proof)
    assert answer.json["error"]["type"].endswith(":badCSR")


def test_both_nonces_must_be_there_once() -> None:
    """Missing, twice in one attribute, or no octet string: badCSR."""
    ours = b64decode(nonce_text("A" * 40))
    texts = attribute(CA_NONCE, ours).replace(b"\x04\x1e", b"\x0c\x1e")
    for attributes in (
        (attribute(OWN_NONCE, bytes(8)),),
        (attribute(CA_NONCE, ours, ours), attribute(OWN_NONCE, bytes(8))),
        (texts, attribute(OWN_NONCE, bytes(8))),
    ):
        case = Case()
        assert case.error_of(case.service.csr(*attributes))[0] == "badCSR"
    case = Case()
    only_ours = case.service.csr(attribute(CA_NONCE, b64decode(case.challenge["nonce"])))
    assert case.error_of(only_ours)[0] == "badCSR"


@cache
def shared() -> Case:
    """One world for many examples, an order each."""
    return Case()


@given(st.binary(max_size=200))
def test_any_octets_are_judged(octets: bytes) -> None:
    """Nothing but badCSR, and no stack trace."""
    client = shared().client
    challenge = client.challenge(client.order(shared().name), "onion-csr-01")
    answer = client.post(challenge["url"], {"csr": b64(octets)})
    assert answer.json["error"]["type"].endswith(":badCSR")


def test_a_nonce_grows_old() -> None:
    """After thirty days it is worth nothing, however long orders may take."""
    case = Case()
    world = AcmeWorld(replace(ONION, order_lifetime=ONION.order_retention))
    client = world.account()
    challenge = client.challenge(client.order(case.name), "onion-csr-01")
    world.clock.advance(days=30)
    client.forget_nonces()
    answer = client.post(challenge["url"], case.service.proof(challenge))
    assert answer.json["error"]["detail"] == "the nonce is older than 30 days"


def test_the_services_key_is_not_certified() -> None:
    """BadCSR: it must not be the key of the certificate."""
    case = Case()
    case.respond(**case.service.proof(case.challenge))
    names = x509.SubjectAlternativeName([x509.DNSName(case.name)])
    builder = x509.CertificateSigningRequestBuilder(x509.Name([])).add_extension(names, critical=False)
    csr = builder.sign(case.service.key, None)
    answer = case.client.finalize(case.order, csr.public_bytes(Encoding.DER))
    assert answer.problem == "400 badCSR"
    assert "hidden service" in answer.json["detail"]
