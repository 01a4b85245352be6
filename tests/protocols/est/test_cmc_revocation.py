"""Revocation by full CMC."""

import pytest
from cryptography import x509

from emca_daemon.asn1.cmc import RevokeRequest
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import ProfileName, SerialNumber
from emca_daemon.policy.keys import key_fingerprint
from emca_daemon.protocols.est.calls import Call
from emca_daemon.protocols.est.clients import Client, TrustedCertificate
from emca_daemon.protocols.est.cmc_revocation import revoke
from emca_daemon.protocols.http import Request
from tests.support.ca_world import ISSUING
from tests.support.est_world import PLAIN, EstWorld


def test_an_agent_revokes_others() -> None:
    """A holder without id-kp-cmcRA does not, nor one of a manufacturer's; what is revoked is not revoked again."""
    world = EstWorld()
    call = Call.of(world.label(), Request("POST", "/", "", (), b"", PLAIN, "r"))
    certificate = x509.load_der_x509_certificate(world.device()[1])
    other = x509.load_der_x509_certificate(world.device("device-2")[1])
    asked = RevokeRequest(certificate.issuer.public_bytes(), certificate.serial_number, 1)

    def refusal(client: Client, request: RevokeRequest = asked) -> Reason:
        with pytest.raises(Refused) as refused:
            revoke(call, client, request)
        return refused.value.reason

    with world.store.reading() as tx:
        record = tx.certificates.find(ISSUING, SerialNumber(other.serial_number))
    agent = Client(None, TrustedCertificate(other, record, agent=True))
    foreign = Client(None, TrustedCertificate(other, agent=True))
    strangers = (Client(), Client(None, TrustedCertificate(other, record)), foreign)
    assert {refusal(stranger) for stranger in strangers} == {Reason.NOT_PERMITTED}
    ca = world.authorities.get(ISSUING).certificate
    server = x509.load_der_x509_certificate(world.device("device-3", ProfileName("tls-client"))[1])
    for one in (ca, server):  # neither is what the label issues
        assert refusal(agent, RevokeRequest(one.issuer.public_bytes(), one.serial_number, 1)) is Reason.NOT_PERMITTED
    assert refusal(agent, RevokeRequest(asked.issuer, 1, 1)) is Reason.UNKNOWN_CERTIFICATE
    assert refusal(agent, RevokeRequest(b"\x30\x00", asked.serial, 1)) is Reason.UNKNOWN_CERTIFICATE
    assert refusal(agent, RevokeRequest(asked.issuer, asked.serial, 7)) is Reason.MALFORMED
    assert refusal(agent, RevokeRequest(asked.issuer, asked.serial, 8)) is Reason.MALFORMED
    revoke(call, agent, asked)
    assert refusal(agent) is Reason.ALREADY_REVOKED
    assert call.noted
    with world.store.reading() as tx:
        assert tx.certificates.key_uses(key_fingerprint(certificate.public_key()), "").blocked
