"""revokeCert."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.ca.enrollment import Issued
from emca_daemon.ca.records import RevocationReason
from emca_daemon.names import IssuerName, SerialNumber, serial_text
from tests.support.acme_client import AcmeClient, Answer, b64, csr_for
from tests.support.acme_world import SETTINGS, AcmeWorld
from tests.support.ca_world import BY, ISSUING, ROOT, new_authority, server_request

NAME = "www.example.com"


@pytest.fixture(scope="module")
def world() -> AcmeWorld:
    """One world for all these tests."""
    return AcmeWorld()


def revoke(client: AcmeClient, certificate: x509.Certificate | bytes, **members: Any) -> Answer:
    """RevokeCert."""
    der = certificate if isinstance(certificate, bytes) else certificate.public_bytes(Encoding.DER)
    return client.post(client.url("/revoke-cert"), {"certificate": b64(der), **members})


def reason_of(world: AcmeWorld, certificate: x509.Certificate) -> RevocationReason | None:
    """Why it is revoked; None if it is not."""
    with world.store.reading() as tx:
        record = tx.certificates.find(IssuerName("issuing"), SerialNumber(certificate.serial_number))
    assert record is not None
    return record.revocation.reason if record.revocation else None


@pytest.mark.parametrize("number", [None, 0, 1, 3, 4, 5, 9])
def test_the_account_that_ordered_it(world: AcmeWorld, number: int | None) -> None:
    """200, nothing in the body, the reason recorded (RFC 8555 7.6)."""
    client = world.account()
    certificate = world.issue(client, NAME)
    answer = revoke(client, certificate, **({} if number is None else {"reason": number}))
    assert (answer.status, answer.response.body) == (200, b"")
    assert reason_of(world, certificate) is RevocationReason(number or 0)


def test_the_certificates_own_key(world: AcmeWorld) -> None:
    """Signed with it, `jwk` in the header, no account."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = world.issue(world.account(), NAME, csr=csr_for(NAME, key=key))
    assert revoke(world.client(key), certificate, reason=1).status == 200
    assert reason_of(world, certificate) is RevocationReason.KEY_COMPROMISE


def test_a_key_is_blocked_by_itself_only(world: AcmeWorld) -> None:
    """Not by an account's word, and not for another reason."""
    client, key = world.account(), ec.generate_private_key(ec.SECP256R1())
    certificate = world.issue(client, NAME, csr=csr_for(NAME, key=key))
    assert revoke(world.client(key), certificate).status == 200
    assert revoke(client, certificate, reason=1).status == 200
    world.issue(client, NAME, csr=csr_for(NAME, key=key))


def test_the_key_of_a_deactivated_accounts_certificate(world: AcmeWorld) -> None:
    """It outlives the account."""
    key = ec.generate_private_key(ec.SECP256R1())
    client = world.account()
    certificate = world.issue(client, NAME, csr=csr_for(NAME, key=key))
    client.post(client.kid or "", {"status": "deactivated"})
    assert revoke(client, certificate).problem == "401 unauthorized"
    assert revoke(world.client(key), certificate).status == 200


def test_an_account_that_controls_all_names(world: AcmeWorld) -> None:
    """One of two names is not enough, both are; a wildcard counts for itself only."""
    certificate = world.issue(world.account(), "a.example.com", "*.b.example.com")
    other = world.account()
    world.issue(other, "a.example.com")
    assert revoke(other, certificate).problem == "403 unauthorized"
    world.issue(other, "b.example.com")
    assert revoke(other, certificate).problem == "403 unauthorized"
    world.issue(other, "*.b.example.com")
    assert revoke(other, certificate).status == 200


@pytest.mark.parametrize("named", [True, False])
def test_proofs_count_for_this_endpoints_issuers(named: bool) -> None:
    """What another CA of ours issued for the same names stays: its subscribers know nothing of this endpoint."""
    world = AcmeWorld(replace(SETTINGS, issuer=ISSUING) if named else SETTINGS)
    world.hierarchy.create_sub(new_authority(IssuerName("devices"), "issuing-ca"), ROOT, BY)
    elsewhere = world.enrollment.enroll(server_request(NAME), SETTINGS.profile, issuer=IssuerName("devices"))
    here = world.enrollment.enroll(server_request(NAME), SETTINGS.profile)
    assert isinstance(elsewhere, Issued)
    assert isinstance(here, Issued)
    client = world.account()
    world.issue(client, NAME)
    assert revoke(client, elsewhere.der).problem == "403 unauthorized"
    assert revoke(client, here.der).status == 200


def test_nobody_else(world: AcmeWorld) -> None:
    """Another account, another key: 403, and each attempt is in the audit chain."""
    certificate = world.issue(world.account(), NAME)
    other = world.account()
    assert revoke(other, certificate).problem == "403 unauthorized"
    assert revoke(world.client(), certificate).problem == "403 unauthorized"
    assert reason_of(world, certificate) is None
    with world.store.reading() as tx:
        events = [sealed.event for sealed in tx.audit.walk() if sealed.event.action == "certificate.revoke"]
    first, second = events[-2:]
    assert (first.actor, first.outcome, second.outcome) == (other.kid, "refused", "refused")
    assert first.subject == second.subject == f"issuing/{serial_text(certificate.serial_number)}"


@pytest.mark.parametrize("number", [2, 6, 7, 8, 10, 11, -1])
def test_reasons_that_are_not_the_subscribers(world: AcmeWorld, number: int) -> None:
    """400 badRevocationReason."""
    client = world.account()
    certificate = world.issue(client, NAME)
    assert revoke(client, certificate, reason=number).problem == "400 badRevocationReason"
    assert reason_of(world, certificate) is None


@pytest.mark.parametrize("reason", ["1", 1.5, True, [1]])
def test_reasons_that_are_no_integers(world: AcmeWorld, reason: Any) -> None:
    """400 malformed."""
    client = world.account()
    assert revoke(client, b"x", reason=reason).problem == "400 malformed"


def test_once_is_enough(world: AcmeWorld) -> None:
    """Again: 400 alreadyRevoked; but from another reason to keyCompromise."""
    client = world.account()
    certificate = world.issue(client, NAME)
    assert revoke(client, certificate).status == 200
    assert revoke(client, certificate, reason=4).problem == "400 alreadyRevoked"
    assert revoke(client, certificate, reason=1).status == 200
    assert revoke(client, certificate, reason=1).problem == "400 alreadyRevoked"


def test_what_is_not_ours(world: AcmeWorld) -> None:
    """Garbage and foreign certificates: 404; no base64url: 400."""
    client = world.account()
    assert revoke(client, b"garbage").problem == "404 malformed"
    assert revoke(client, b"").problem == "404 malformed"
    payloads: list[Any] = [{}, {"certificate": "a=="}, {"certificate": 7}, []]
    for payload in payloads:
        assert client.post(client.url("/revoke-cert"), payload).problem == "400 malformed"


def test_expired_certificates_stay_as_they_are() -> None:
    """403 unauthorized."""
    world = AcmeWorld()
    client = world.account()
    certificate = world.issue(client, NAME)
    world.clock.advance(days=91)
    client.forget_nonces()
    assert revoke(client, certificate).problem == "403 unauthorized"
    assert reason_of(world, certificate) is None


def test_a_nonce_is_spent_once(world: AcmeWorld) -> None:
    """By a revocation too, granted or refused."""
    client = world.account()
    certificate = world.issue(client, NAME).public_bytes(Encoding.DER)
    url, nonce = client.url("/revoke-cert"), client.nonce()
    payload = {"certificate": b64(certificate)}
    assert client.post(url, payload, nonce=nonce).status == 200
    assert client.post(url, payload, nonce=nonce).problem == "400 badNonce"
    nonce = client.nonce()
    assert client.post(url, payload, nonce=nonce).problem == "400 alreadyRevoked"
    assert client.post(url, payload, nonce=nonce).problem == "400 badNonce"
