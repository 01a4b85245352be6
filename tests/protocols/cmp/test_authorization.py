"""Who may have which certificate."""

from dataclasses import replace

import pytest
from cryptography import x509

from emca_daemon.asn1 import der
from emca_daemon.names import AlternativeName, NameType, ProfileName
from emca_daemon.protocols.cmp.calls import Origin
from emca_daemon.protocols.cmp.exchange import Exchange
from tests.protocols.cmp.test_authentication import KEY, foreign
from tests.support import cmp_messages as build
from tests.support.cmp_messages import Template
from tests.support.cmp_world import Client, CmpWorld, Reply, enrolled, known, settings

DNS = AlternativeName(NameType.DNS, "a.example")


@pytest.fixture(scope="module")
def world() -> CmpWorld:
    """An endpoint that trusts one vendor."""
    return CmpWorld(vendors=[foreign()])


def profile(*names: str) -> bytes:
    """CertProfile with these names."""
    texts = b"".join(der.tlv(0x0C, name.encode()) for name in names)
    return der.sequence(der.oid("1.3.6.1.5.5.7.4.21"), der.sequence(texts))


def test_a_secret_may_be_for_one_subject_and_some_names(world: CmpWorld) -> None:
    """Anything else is notAuthorized."""
    world.people.secrets["dev1"] = known("CN=dev1", DNS)
    client = world.client()
    assert client.enroll(Template("CN=dev1", extensions=(build.san("a.example"),))).failure == ""
    assert client.renewed().enroll(Template("CN=else")).failure == "notAuthorized"
    assert client.renewed().enroll(Template(extensions=(build.san("b.example"),))).failure == "notAuthorized"
    world.people.secrets["dev1"] = known()


def test_a_device_gets_what_it_was_registered_for(world: CmpWorld) -> None:
    """By its common name or serial number; unregistered ones, and other requests than the first, are not."""
    vendor = world.client(signer=(foreign(), KEY))
    assert vendor.enroll(Template("CN=station-7")).failure == "notAuthorized"
    world.people.devices["station-7"] = known("CN=gate,O=Plant", DNS)
    assert vendor.renewed().enroll(Template("CN=station-7")).failure == "notAuthorized"
    asked = Template("CN=gate,O=Plant", extensions=(build.san("a.example"),))
    assert vendor.renewed().enroll(asked).failure == ""
    assert vendor.renewed().enroll(asked, tag=2).failure == "notAuthorized"
    world.people.devices["station-7"] = known()
    named = Template("CN=station-7", extensions=(build.san("a.example"),))
    assert vendor.renewed().enroll(named).failure == "notAuthorized"


def test_holders_ask_for_themselves(world: CmpWorld) -> None:
    """Their subject, and names that their certificate has."""
    client = enrolled(world, Template(extensions=(build.san("a.example"),)))
    assert client.enroll(Template(extensions=(build.san("a.example"),)), tag=2).failure == ""
    assert client.renewed().enroll(Template("CN=else"), tag=2).failure == "notAuthorized"
    assert client.renewed().enroll(Template(extensions=(build.san("b.example"),)), tag=2).failure == "notAuthorized"


def test_authorities_ask_for_anybody(world: CmpWorld) -> None:
    """And vouch for possession."""
    authority = enrolled(world, Template("CN=RA"), label="ra")
    assert authority.enroll(Template("CN=anybody"), proof=b"\x80\x00").failure == ""


def test_certificates_of_other_profiles_are_not_listened_to() -> None:
    """A holder of a certificate that this endpoint's profiles do not give, though its issuer has issued it."""
    world = CmpWorld()
    client = enrolled(world)
    narrow = settings(profile=ProfileName("slow"), profiles={})
    elsewhere = Exchange(replace(world.endpoint, settings=narrow))
    data = client.written(2, der.sequence(build.request(Template())))
    assert Reply(elsewhere.answer(data, Origin("192.0.2.9", "req-9"))).failure == "notAuthorized"


@pytest.mark.parametrize(
    ("named", "label", "failure"),
    [
        (profile("machine"), "", ""),
        (profile("machine"), "machine", ""),
        (None, "machine", ""),
        (profile("nothing"), "", "badRequest"),
        (profile("machine"), "slow", "badRequest"),
        (profile("machine", "slow"), "", "badRequest"),
        (profile("machine") + profile("slow"), "", "badRequest"),
        (der.sequence(der.oid("1.3.6.1.5.5.7.4.21")), "", "badRequest"),
    ],
)
def test_profiles_by_header_and_path(world: CmpWorld, named: bytes | None, label: str, failure: str) -> None:
    """One name, the same in both places; what is wrong with it is said in an error."""
    client = world.client(place={"label": label})
    reply = client.with_header(information=() if named is None else (named,)).enroll()
    assert (reply.type, reply.failure) == ("error" if failure else "ip", failure)


def update(client: Client, template: Template, **how: bytes) -> str:
    """The failure of a kur."""
    return client.renewed().enroll(template, tag=7, **how).failure


def test_updates_keep_what_the_certificate_says(world: CmpWorld) -> None:
    """Subject and names may be left out, not changed; oldCertID names the signer."""
    for template, failure in (
        (Template("CN=else"), "badCertTemplate"),
        (Template(extensions=(build.san("b.example"),)), "badCertTemplate"),
    ):
        assert update(enrolled(world), template) == failure
    client = enrolled(world, Template(extensions=(build.san("a.example"),)))
    assert client.signer is not None
    reply = client.enroll(Template(), tag=7, controls=build.old_certificate(client.signer[0]))
    assert (reply.type, reply.failure) == ("kup", "")
    names = reply.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["a.example"]
    assert update(client, Template()) == "badRequest"  # the first one is not confirmed yet


def test_updates_of_another_certificate(world: CmpWorld) -> None:
    """badCertId, also for an issuer that has no distinguished name."""
    client = enrolled(world)
    assert update(client, Template(), controls=build.old_certificate(foreign())) == "badCertId"
    odd = der.sequence(der.oid("1.3.6.1.5.5.7.5.1.5"), der.sequence(der.implicit(2, b"host"), der.integer(7)))
    assert update(client, Template(), controls=odd) == "badCertId"


def test_updates_are_by_holders_with_new_keys_where_they_are_allowed() -> None:
    """NotAuthorized for others and where updates are off; the same key only where that is on."""
    world = CmpWorld()
    authority = enrolled(world, Template("CN=RA"), label="ra")
    assert update(authority, Template("CN=RA")) == "notAuthorized"
    client = enrolled(world)
    assert client.signer is not None
    same = Template(key=client.signer[1])
    assert update(client, same) == "badCertTemplate"
    assert update(enrolled(CmpWorld(settings(key_update=False))), Template()) == "notAuthorized"
    tolerant = enrolled(CmpWorld(settings(same_key=True)))
    assert tolerant.signer is not None
    assert update(tolerant, Template(key=tolerant.signer[1])) == ""
