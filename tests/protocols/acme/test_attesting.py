"""device-attest-01, from the order to the certificate."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from emca_daemon.names import ProfileName
from emca_daemon.policy.patterns import Oid
from emca_daemon.policy.profile_names import DnsRules, NameRules, OtherRules
from emca_daemon.protocols.acme.device_names import read_device_name
from emca_daemon.protocols.acme.responder import AcmeResponder
from tests.support import attester
from tests.support.acme_client import AcmeClient, Answer, b64, csr_for, thumbprint_of
from tests.support.acme_world import SETTINGS, AcmeWorld
from tests.support.attester import SERIAL, Maker, new_key

DEVICES = replace(SETTINGS, challenges=("http-01", "device-attest-01"), profile=ProfileName("machine"))
RULES = NameRules(dns=DnsRules(), other=OtherRules(permitted=(Oid.parse("1.3.6.1.5.5.7.8"),)))
MAKER = Maker()


def module_name() -> Any:
    """A TPM as its maker's certificate names it."""
    return read_device_name("hardware-module", "TPM-1/2.23.133.1.2")


class Case:
    """An order for a device, not proved yet."""

    def __init__(self, value: str = SERIAL, kind: str = "permanent-identifier", *hosts: str) -> None:
        self.world = AcmeWorld(DEVICES, names=RULES)
        roots = dict.fromkeys(("apple", "step", "tpm", "android-key"), (MAKER.root,))
        self.world.endpoint = replace(self.world.endpoint, attestation_roots=roots)
        self.world.responder = AcmeResponder(self.world.endpoint)
        self.client: AcmeClient = self.world.account()
        identifiers = [{"type": kind, "value": value}, *({"type": "dns", "value": host} for host in hosts)]
        self.order: Answer = self.client.post(self.client.url("/new-order"), {"identifiers": identifiers})
        assert self.order.status == 201, self.order
        self.challenge = self.client.challenge(self.order, "device-attest-01")

    @property
    def token(self) -> bytes:
        """What Apple's devices hash."""
        return str(self.challenge["token"]).encode()

    @property
    def key_authorization(self) -> bytes:
        """What all others do."""
        return self.token + b"." + thumbprint_of(self.client.key).encode()

    def respond(self, attestation: bytes) -> Answer:
        """A response to the challenge."""
        return self.client.post(self.challenge["url"], {"attObj": b64(attestation)})

    def csr(self, *hosts: str, key: Any = None, **more: Any) -> Answer:
        """Finalize, without the device's name."""
        return self.client.finalize(self.order, csr_for(*hosts, key=key or new_key(), **more))


FORMATS: dict[str, tuple[Callable[[Case], bytes], str, str]] = {
    "apple": (lambda case: attester.apple(MAKER, case.token), SERIAL, "permanent-identifier"),
    "step": (lambda case: attester.step(MAKER, case.key_authorization), "4711", "permanent-identifier"),
    "android-key": (lambda case: attester.android(MAKER, case.key_authorization), SERIAL, "permanent-identifier"),
    "tpm": (
        lambda case: attester.tpm(MAKER, case.key_authorization, module_name()),
        "TPM-1/2.23.133.1.2",
        "hardware-module",
    ),
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_device_has_its_certificate(name: str) -> None:
    """By every format, judged in the request; the device's name is in the certificate though the CSR leaves it out."""
    attested, value, kind = FORMATS[name]
    case = Case(value, kind)
    answer = case.respond(attested(case))
    assert (answer.status, answer.json["status"]) == (200, "valid"), answer
    assert case.world.validations.woken == []
    done = case.csr(common_name=value.partition("/")[0])
    assert done.json["status"] == "valid", done
    pem = case.client.post(done.json["certificate"]).response.body
    certificate = x509.load_pem_x509_certificates(pem)[0]
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [type(one) for one in names] == [x509.OtherName]
    assert certificate.public_key() == new_key().public_key()
    identifier = case.client.post(case.order.json["authorizations"][0]).json["identifier"]
    assert identifier == {"type": kind, "value": value}


@pytest.mark.parametrize("name", FORMATS)
def test_another_key_is_refused(name: str) -> None:
    """400 badCSR at finalize; with the attested key it goes on."""
    attested, value, kind = FORMATS[name]
    case = Case(value, kind)
    case.respond(attested(case))
    refused = case.csr(key=ec.generate_private_key(ec.SECP256R1()))
    assert refused.problem == "400 badCSR"
    assert "attested" in refused.json["detail"]
    assert case.csr().json["status"] == "valid"


@pytest.mark.parametrize("name", FORMATS)
def test_another_challenge_is_refused(name: str) -> None:
    """What was made for one challenge proves nothing for the next; challenge, authorization and order are invalid."""
    attested, value, kind = FORMATS[name]
    case, other = Case(value, kind), Case(value, kind)
    answer = case.respond(attested(other))
    assert (answer.status, answer.json["status"]) == (200, "invalid")
    assert answer.json["error"]["type"] == "urn:ietf:params:acme:error:badAttestationStatement"
    assert case.client.post(case.order.location).json["status"] == "invalid"
    assert case.respond(attested(case)).problem == "400 malformed"


@pytest.mark.parametrize("name", FORMATS)
def test_another_device_is_refused(name: str) -> None:
    """What is attested is not what the order names."""
    attested, _, kind = FORMATS[name]
    case = Case("OTHER/2.23.133.1.2" if kind == "hardware-module" else "OTHER", kind)
    answer = case.respond(attested(case))
    assert answer.json["status"] == "invalid"
    assert "another device" in answer.json["error"]["detail"]


@pytest.mark.parametrize("payload", [{}, {"attObj": "a+b="}, {"attObj": 1}, {"error": "no attestation"}])
def test_a_response_without_an_attestation(payload: dict[str, object]) -> None:
    """400 malformed; the challenge stays pending."""
    case = Case()
    assert case.client.post(case.challenge["url"], payload).problem == "400 malformed"
    assert case.client.post(case.challenge["url"]).json["status"] == "pending"


def test_names_in_the_csr() -> None:
    """The device's name may be there, and stand beside hosts; another device's, or a foreign common name, is badCSR."""
    case = Case(SERIAL, "permanent-identifier", "a.example.com")
    case.respond(attester.apple(MAKER, case.token))
    case.client.post(case.client.challenge(case.order, "http-01")["url"], {})
    case.world.work()
    der = bytes.fromhex("300b0c09") + SERIAL.encode()
    own, foreign = (x509.OtherName(x509.ObjectIdentifier("1.3.6.1.5.5.7.8.3"), one) for one in (der, der[:-1] + b"9"))
    assert case.csr("a.example.com", others=(foreign,)).problem == "400 badCSR"
    assert case.csr("a.example.com", common_name="C02XYZ124").problem == "400 badCSR"
    assert case.csr().problem == "400 badCSR"
    assert case.csr("a.example.com", others=(own,), common_name=SERIAL).json["status"] == "valid"


def test_an_attestation_is_for_one_order() -> None:
    """The next certificate will be for another key, so it is not used again."""
    case = Case()
    case.respond(attester.apple(MAKER, case.token))
    payload = {"identifiers": [{"type": "permanent-identifier", "value": SERIAL}]}
    again = case.client.post(case.client.url("/new-order"), payload)
    assert again.json["status"] == "pending"


def test_what_is_audited() -> None:
    """The format and the attested key, or what was wrong."""
    case, other = Case(), Case()
    case.respond(attester.apple(MAKER, case.token))
    other.respond(attester.apple(MAKER, b"another"))
    for done, outcome, detail in ((case, "success", "format"), (other, "failed", "why")):
        with done.world.store.reading() as tx:
            found = [one.event for one in tx.audit.walk() if one.event.action == "authorization.validate"]
        assert [event.outcome for event in found] == [outcome]
        assert detail in found[0].details


def test_policy_is_asked() -> None:
    """400 rejectedIdentifier, with the text of the order, for a profile without other names; odd ones are malformed."""
    world = AcmeWorld(DEVICES)
    client = world.account()

    def ordered(kind: str, value: str) -> Answer:
        return client.post(client.url("/new-order"), {"identifiers": [{"type": kind, "value": value}]})

    refused = ordered("permanent-identifier", SERIAL)
    assert refused.problem == "400 rejectedIdentifier"
    assert SERIAL in refused.json["detail"]
    assert ordered("permanent-identifier", "a/b").problem == "400 malformed"
    assert ordered("hardware-module", "a").problem == "400 malformed"


def test_an_expired_chain_is_refused() -> None:
    """As of the time of the response."""
    case = Case()
    case.world.clock.advance(days=1)
    case.client.forget_nonces()
    short = Maker(lifetime=timedelta(hours=12))
    answer = case.respond(attester.apple(short, case.token))
    assert "expired" in answer.json["error"]["detail"]
