"""CRLs by CMP."""

from datetime import timedelta

import pytest

from emca_daemon.asn1 import der
from emca_daemon.ca.authorities import Publication
from emca_daemon.names import ProfileName
from tests.protocols.cmp.operations.test_general import ID_IT, told
from tests.support import cmp_messages as build
from tests.support.ca_world import BY, ISSUING, START
from tests.support.cmp_world import CmpWorld

ADDRESS = "http://ca.example/crl/issuing.crl"


@pytest.fixture(scope="module")
def world() -> CmpWorld:
    """An endpoint whose issuer publishes at an address."""
    world = CmpWorld()
    world.ca.publication = Publication(crl_urls=(ADDRESS,), ocsp_profile=ProfileName("ocsp-signer"))
    world.ca.authorities._last = (-1, {})
    world.ca.crls.publish(ISSUING, BY)
    return world


def by_issuer(world: CmpWorld) -> bytes:
    """CRLSource: the issuer's name."""
    name = world.ca.authorities.get(ISSUING).certificate.subject.public_bytes()
    return der.explicit(1, der.sequence(der.explicit(4, name)))


def by_address(address: str = ADDRESS) -> bytes:
    """CRLSource: a distribution point."""
    return der.explicit(0, der.explicit(0, der.implicit(6, address.encode())))


def asked(world: CmpWorld, source: bytes, time: bytes = b"") -> bytes | None:
    """The CRLs told about one source."""
    value = der.sequence(der.sequence(source, time))
    return told(world.client().ask(ID_IT + "22", value))["23"]


def test_by_address_or_name(world: CmpWorld) -> None:
    """The newest CRL, if it is newer than the client's."""
    with world.ca.store.reading() as tx:
        latest = tx.crls.latest(ISSUING)
    assert latest is not None
    crls = der.sequence(latest.der)
    assert asked(world, by_issuer(world)) == asked(world, by_address()) == crls
    assert asked(world, by_address(), der.time(START - timedelta(days=1))) == crls
    assert asked(world, by_address(), der.time(START)) is None


def test_what_is_not_ours(world: CmpWorld) -> None:
    """Nothing; nothing is fetched."""
    assert asked(world, by_address("http://elsewhere.example/x.crl")) is None
    stranger = der.explicit(1, der.sequence(der.explicit(4, build.name("CN=Other CA").public_bytes())))
    assert asked(world, stranger) is None
    assert asked(world, der.explicit(0, der.explicit(1, der.NULL))) is None


def test_before_there_is_one() -> None:
    """Nothing."""
    world = CmpWorld()
    assert asked(world, by_issuer(world)) is None


def test_questions_that_cannot_be_read(world: CmpWorld) -> None:
    """badRequest: two at a time, or no name."""
    one = der.sequence(by_address())
    assert world.client().ask(ID_IT + "22", der.sequence(one, one)).failure == "badRequest"
    odd = der.sequence(der.sequence(der.explicit(1, der.sequence(der.explicit(4, der.NULL)))))
    assert world.client().ask(ID_IT + "22", odd).failure == "badRequest"
