"""Tests of emca_daemon.protocols.scep.operations.inquire."""

from dataclasses import replace

from cryptography import x509
from cryptography.x509.name import _ASN1Type

from emca_daemon.protocols.scep.messages import MessageType
from tests.support.ca_world import BY, ISSUING
from tests.support.scep_world import SECRET, Client, ScepWorld, device_key

STRANGER = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stranger")])


def test_a_certificate_is_found_by_its_serial_number() -> None:
    """Under the CA's name, and under the RA's, with which sscep asks."""
    world = ScepWorld()
    client = Client(world)
    issued = client.issued(client.enroll())
    (ra,) = world.endpoint.registration.certificates()
    for name in (None, ra.subject):
        assert client.issued(client.look_up(MessageType.GET_CERT, issued.serial_number, name)) == issued


def test_the_issuer_may_be_written_otherwise() -> None:
    """In other types of strings than in the CA's certificate, for clients that put the name together themselves."""
    world = ScepWorld()
    world.crls.publish(ISSUING, BY)
    client = Client(world)
    issued = client.issued(client.enroll())
    subject = world.endpoint.authority.certificate.subject
    for string_type in (_ASN1Type.PrintableString, _ASN1Type.T61String, _ASN1Type.BMPString):
        name = x509.Name([x509.NameAttribute(one.oid, str(one.value).upper(), string_type) for one in subject])
        assert client.issued(client.look_up(MessageType.GET_CERT, issued.serial_number, name)) == issued
        assert client.opened(client.look_up(MessageType.GET_CRL, 1, name)).crls


def test_what_there_is_not_is_bad_cert_id() -> None:
    """Another serial number, one that cannot be, another issuer."""
    client = Client(ScepWorld())
    serial = client.issued(client.enroll()).serial_number
    for number, name in ((1, None), (0, None), (-1, None), (1 << 200, None), (serial, STRANGER)):
        reply = client.look_up(MessageType.GET_CERT, number, name)
        assert (reply.status, reply.fail_info) == ("2", "4")


def test_the_crl_is_the_issuers_latest() -> None:
    """Whatever the serial number; before the first one, badCertId."""
    world = ScepWorld()
    client = Client(world)
    assert client.look_up(MessageType.GET_CRL, 1).fail_info == "4"
    world.crls.publish(ISSUING, BY)
    (crl,) = client.opened(client.look_up(MessageType.GET_CRL, 1)).crls
    assert x509.load_der_x509_crl(crl).issuer == world.endpoint.authority.certificate.subject
    assert client.look_up(MessageType.GET_CRL, 1, STRANGER).fail_info == "4"


def test_polls_are_for_who_asked() -> None:
    """The transactionID alone opens nothing."""
    client = Client(ScepWorld())
    assert client.poll().fail_info == "4"
    issued = client.issued(client.enroll())
    assert client.issued(client.poll()) == issued
    assert replace(client, key=device_key(1)).poll().fail_info == "4"
    assert replace(client, transaction_id=b"other").poll().fail_info == "4"


def test_polls_by_curves_are_answered_by_agreement() -> None:
    """There is no challenge in a poll."""
    client = Client(ScepWorld(), key=device_key(0, "ec"))
    issued = client.issued(client.enroll(), SECRET)
    assert client.issued(client.poll()) == issued
