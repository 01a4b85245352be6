"""genm."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp import read_message
from emca_daemon.asn1.cmp_content import general_message
from emca_daemon.protocols.cmp.calls import Origin
from emca_daemon.protocols.cmp.exchange import Exchange
from tests.support.ca_world import BY, ISSUING
from tests.support.cmp_world import CmpWorld, Reply, settings

ID_IT = "1.3.6.1.5.5.7.4."


@pytest.fixture(scope="module")
def world() -> CmpWorld:
    """An endpoint whose issuer has published a CRL."""
    world = CmpWorld()
    world.ca.crls.publish(ISSUING, BY)
    return world


def told(reply: Reply) -> dict[str, bytes | None]:
    """What a genp says, by the last number of its OIDs."""
    assert reply.type == "genp", reply.failure
    found = general_message(read_message(reply.data).body)
    return {one.oid.removeprefix(ID_IT): one.value for one in found}


def ask(world: CmpWorld, number: str, value: bytes = b"") -> dict[str, bytes | None]:
    """One question."""
    return told(world.client().ask(ID_IT + number, value))


def test_nothing_asked_nothing_told(world: CmpWorld) -> None:
    """An empty genp."""
    assert told(world.client().send(21, der.sequence())) == {}


def test_certificates_of_the_ca(world: CmpWorld) -> None:
    """The issuer's and its root's; the responder's own."""
    chain = world.ca.authorities.get(ISSUING).record.chain
    assert ask(world, "17") == {"17": der.sequence(*chain)}
    assert ask(world, "1") == {"1": world.signers.current().chain[0]}


def test_the_crl(world: CmpWorld) -> None:
    """The newest."""
    with world.ca.store.reading() as tx:
        latest = tx.crls.latest(ISSUING)
    assert latest is not None
    assert ask(world, "6") == {"6": latest.der}
    assert ask(CmpWorld(), "6") == {"6": None}


def test_kinds_of_keys(world: CmpWorld) -> None:
    """Each with its parameters; a curve for those who ask."""
    kinds = ask(world, "2")["2"] or b""
    for oid in ("1.2.840.113549.1.1.1", "1.2.840.10045.3.1.7", "1.3.101.112", "2.16.840.1.101.3.4.3.18"):
        assert der.oid(oid) in kinds
    encryption = ask(world, "3")["3"] or b""
    assert der.oid("1.2.840.113549.1.1.1") in encryption
    assert der.oid("1.3.101.112") not in encryption
    curve = der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.2.840.10045.3.1.7"))
    assert ask(world, "10", der.oid("1.2.840.10045.2.1")) == {"11": curve}
    assert ask(world, "10", der.oid("1.3.101.112")) == {"11": None}
    assert der.oid("2.16.840.1.101.3.4.1.42") in (ask(world, "4")["4"] or b"")


def test_languages(world: CmpWorld) -> None:
    """English, however it is called; without it badRequest."""
    asked = der.sequence(der.tlv(0x0C, b"de"), der.tlv(0x0C, b"en-GB"))
    assert ask(world, "16", asked) == {"16": der.sequence(der.tlv(0x0C, b"en-GB"))}
    assert world.client().ask(ID_IT + "16", der.sequence(der.tlv(0x0C, b"de"))).failure == "badRequest"


def test_what_is_unknown(world: CmpWorld) -> None:
    """Is listed, beside what is known."""
    questions = der.sequence(*(der.sequence(der.oid(oid)) for oid in ("1.2.3", ID_IT + "17", "1.2.4")))
    found = told(world.client().send(21, questions))
    assert found["7"] == der.sequence(der.oid("1.2.3"), der.oid("1.2.4"))
    assert "17" in found


@pytest.mark.parametrize("number", ["1", "2", "3", "4", "6", "17", "19"])
def test_questions_without_a_value(world: CmpWorld, number: str) -> None:
    """BadRequest where there is one."""
    assert world.client().ask(ID_IT + number, der.NULL).failure == "badRequest"


def test_questions_with_a_value(world: CmpWorld) -> None:
    """BadRequest or badDataFormat where it is missing or something else."""
    assert world.client().ask(ID_IT + "10", der.NULL).failure == "badRequest"
    assert world.client().ask(ID_IT + "16").failure == "badDataFormat"
    assert world.client().ask(ID_IT + "22").failure == "badDataFormat"


def test_strict_endpoints_answer_one_question() -> None:
    """BadRequest for two."""
    world = CmpWorld(settings(strict=True))
    one = der.sequence(der.oid(ID_IT + "17"))
    assert world.client().with_header(sender="CN=dev1").send(21, der.sequence(one, one)).failure == "badRequest"


def test_the_template(world: CmpWorld) -> None:
    """A subject to be filled in, no key, and the kinds of keys; by profile, too."""
    value = ask(world, "19")["19"] or b""
    assert der.oid("2.5.4.3") in value
    assert der.oid("1.3.6.1.5.5.7.5.1.11") in value
    assert der.oid("1.3.6.1.5.5.7.5.1.12") + der.integer(2048) in value
    reply = world.client(place={"label": "nothing"}).ask(ID_IT + "19")
    assert reply.failure == "badRequest"


def test_the_next_root(world: CmpWorld) -> None:
    """Nothing where there is none, or where another root is asked about."""
    chain = world.ca.authorities.get(ISSUING).record.chain
    assert ask(world, "20") == {"18": None}
    assert world.client().ask(ID_IT + "20", der.NULL).failure == "badRequest"
    certificates = tuple(map(x509.load_der_x509_certificate, chain[::-1]))
    elsewhere = Exchange(replace(world.endpoint, root_update=certificates))

    def asked(value: bytes) -> Any:
        data = world.client().written(21, der.sequence(der.sequence(der.oid(ID_IT + "20"), value)))
        return told(Reply(elsewhere.answer(data, Origin("192.0.2.9", "req-9"))))

    update = der.sequence(chain[1], der.explicit(0, chain[0]))
    assert asked(b"") == asked(chain[-1]) == {"18": update}
    assert asked(certificates[1].public_bytes(Encoding.DER)) == {"18": None}
