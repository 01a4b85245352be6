"""Certificates and CRLs by full CMC."""

from collections.abc import Callable
from datetime import datetime

import pytest
from cryptography import x509

from emca_daemon.asn1.cmc import GetCert, GetCrl
from emca_daemon.ca.authorities import Authorities, Publication
from emca_daemon.errors import Reason, Refused
from emca_daemon.protocols.est.calls import Call
from emca_daemon.protocols.est.cmc_retrieval import certificate, issued, issuers_called, revocation_lists
from emca_daemon.protocols.http import Request
from tests.support.ca_world import BY, ISSUING
from tests.support.est_world import PLAIN, EstWorld

NOBODY = x509.Name.from_rfc4514_string("CN=nobody")
POINT = "http://crl.test/issuing.crl"


def called(world: EstWorld, authorities: Authorities | None = None) -> tuple[Call, x509.Name]:
    """A call, and the name of the issuer."""
    call = Call.of(
        world.label(authorities=authorities or world.authorities), Request("POST", "/", "", (), b"", PLAIN, "r")
    )
    return call, call.endpoint.authority.certificate.subject


def unknown(ask: Callable[[], object]) -> bool:
    """Whether it is badCertId."""
    with pytest.raises(Refused) as refused:
        ask()
    return refused.value.reason is Reason.UNKNOWN_CERTIFICATE


def test_a_certificate_is_found_by_issuer_and_serial() -> None:
    """Also a revoked one; another name, another kind of name, and numbers that nobody gives out are unknown."""
    world = EstWorld()
    call, name = called(world)
    encoded = world.device()[1]
    serial = x509.load_der_x509_certificate(encoded).serial_number
    assert certificate(call, GetCert(x509.DirectoryName(name), serial)) == encoded
    intent, found = issued(call, name, serial)
    assert (intent.issuer, intent.serial, found) == (ISSUING, serial, encoded)
    for issuer in (x509.DirectoryName(NOBODY), x509.DNSName("ca.test")):
        assert unknown(lambda issuer=issuer: certificate(call, GetCert(issuer, serial)))  # type: ignore[misc]
    for number in (-1, 0, 1, 1 << 160):
        assert unknown(lambda number=number: issued(call, name, number))  # type: ignore[misc]


def test_the_text_of_a_name_counts() -> None:
    """However its strings are encoded (RFC 5280 7.1)."""
    call, name = called(EstWorld())
    other = x509.Name(x509.NameAttribute(one.oid, one.value, x509.name._ASN1Type.PrintableString) for one in name)
    assert other.public_bytes() != name.public_bytes()
    assert [one.name for one in issuers_called(call, other)] == [ISSUING]


def test_the_newest_crl_is_given() -> None:
    """Of whom it is asked for; before there is one, it is unknown."""
    world = EstWorld()
    call, name = called(world)
    assert unknown(lambda: revocation_lists(call, GetCrl(name)))
    world.crls.publish(ISSUING, BY)
    newest = world.crls.publish(ISSUING, BY).der
    assert revocation_lists(call, GetCrl(name)) == [newest]
    assert unknown(lambda: revocation_lists(call, GetCrl(NOBODY)))


def test_an_earlier_crl_is_given_for_a_time() -> None:
    """The newest that came out before it, while it is kept (RFC 5272 6.10)."""
    world = EstWorld()
    call, name = called(world)
    lists = []
    for _ in range(4):
        lists.append(world.crls.publish(ISSUING, BY))
        world.clock.advance(hours=1)

    def before(moment: datetime) -> list[bytes]:
        return revocation_lists(call, GetCrl(name, None, moment))

    assert before(world.clock()) == [lists[3].der]
    assert before(lists[3].this_update) == [lists[2].der]
    assert before(lists[2].this_update) == [lists[1].der]
    assert unknown(lambda: before(lists[1].this_update))
    assert unknown(lambda: before(lists[0].this_update))


def test_a_crl_is_asked_for_by_where_it_is() -> None:
    """An address of the issuer's, or its name; any other place is unknown."""
    world = EstWorld()
    call, name = called(world, authorities=Authorities(world.store, lambda _: Publication(crl_urls=(POINT,))))
    crl = world.crls.publish(ISSUING, BY).der
    here: list[x509.GeneralName] = [x509.UniformResourceIdentifier(POINT), x509.DirectoryName(name)]
    elsewhere = (x509.UniformResourceIdentifier("http://crl.test/"), x509.DirectoryName(NOBODY), x509.DNSName("a"))
    assert [revocation_lists(call, GetCrl(name, point)) for point in here] == [[crl], [crl]]
    for point in elsewhere:
        assert unknown(lambda point=point: revocation_lists(call, GetCrl(name, point)))  # type: ignore[misc]
