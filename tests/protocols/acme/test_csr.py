"""The CSR of an order."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import AlternativeName, NameType
from emca_daemon.policy.facts import Requester
from emca_daemon.policy.weak_keys import WeakKeys
from emca_daemon.protocols.acme.csr import bad_csr, request_facts
from emca_daemon.protocols.acme.errors import AcmeRefusal
from emca_daemon.protocols.acme.records import Order
from emca_daemon.protocols.acme.states import OrderStage
from tests.support.acme_client import csr_for
from tests.support.ca_world import START

BY = Requester("acme", "https://ca.test/acme/account/x", "jws", "192.0.2.1", "r")


def order(*names: str) -> Order:
    """An order for these names."""
    return Order(
        id="o",
        endpoint="main",
        account_id="a",
        stage=OrderStage.OPEN,
        names=tuple(AlternativeName(NameType.DNS, name) for name in names),
        authorizations=(),
        expires=START + timedelta(days=7),
        created=START,
        not_before=START,
        not_after=START + timedelta(days=3),
    )


def test_names_and_validity_are_the_orders() -> None:
    """Key and extensions come from the CSR, of its subject only the common name."""
    subject = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COMMON_NAME, "A.example"),
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "X"),
        ]
    )
    key = ec.generate_private_key(ec.SECP256R1())
    csr = x509.CertificateSigningRequestBuilder(subject).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    facts = request_facts(csr, order("a.example"), BY, WeakKeys())
    assert [name.value for name in facts.names] == ["a.example"]
    assert [one.value for one in facts.subject] == ["A.example"]
    assert (facts.not_before, facts.not_after) == (START, START + timedelta(days=3))
    assert facts.requester is BY


def test_the_refusal_says_what_is_missing_and_what_is_foreign() -> None:
    """Both, so that the client's owner sees it."""
    with pytest.raises(AcmeRefusal) as refused:
        request_facts(csr_for("b.example"), order("a.example"), BY, WeakKeys())
    assert "it lacks dns:a.example" in refused.value.detail
    assert "the order has no dns:b.example" in refused.value.detail
    assert refused.value.problem.type == "badCSR"


def test_a_refusal_keeps_its_retry_after() -> None:
    """And its reason."""
    told = bad_csr(Refused(Reason.KEY_REFUSED, "no", retry_after=7))
    assert (told.reason, told.retry_after) == (Reason.KEY_REFUSED, 7)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_as_bad_csr(data: bytes) -> None:
    """Nothing else comes out."""
    with pytest.raises(AcmeRefusal) as refused:
        request_facts(data, order("a.example"), BY, WeakKeys())
    assert refused.value.problem.type == "badCSR"
