"""The signature on a certificate."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from emca_daemon.ca.enrollment import signatory_of
from emca_daemon.ca.issuing import sign_certificate
from emca_daemon.errors import Reason, Refused
from emca_daemon.names import ProfileName
from emca_daemon.policy.decision import decide
from emca_daemon.policy.tokens import Approved
from tests.support.ca_world import ISSUING, World, server_request


def test_what_was_linted_is_what_is_signed_and_a_wrong_key_is_noticed() -> None:
    """The tbs bytes are the linted ones; a key that is not the issuer's produces nothing."""
    world = World().with_issuers()
    authority = world.authorities.get(ISSUING)
    profile = world.profiles[ProfileName("tls-server")]
    approved = decide(server_request("a.example.test"), profile, authority.facts, world.clock())
    assert isinstance(approved, Approved)
    linted = world.cycle.prepare(approved, signatory_of(authority))
    der = sign_certificate(linted, world.keys.get(authority.record.key), authority.public_key, pss=False)
    certificate = x509.load_der_x509_certificate(der)
    assert certificate.tbs_certificate_bytes == linted.to_be_signed.tbs
    certificate.verify_directly_issued_by(authority.certificate)
    with pytest.raises(Refused) as refused:
        sign_certificate(linted, ec.generate_private_key(ec.SECP256R1()), authority.public_key, pss=False)
    assert refused.value.reason is Reason.BAD_INTEGRITY
