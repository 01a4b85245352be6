"""Whether an attestation proves a device's name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.policy.keys import key_fingerprint
from emca_daemon.protocols.acme.attestation.judging import Roots, judge
from emca_daemon.protocols.acme.attestation.statements import Asked
from emca_daemon.protocols.acme.device_names import permanent_identifier
from emca_daemon.protocols.acme.errors import AcmeRefusal
from emca_daemon.settings.attestation import ROOTS as FORMATS
from tests.support import attester
from tests.support.attester import SERIAL, Maker, new_key
from tests.support.records import NOW

MAKER = Maker()
ROOTS: Roots = {"apple": (MAKER.root,)}
ASKED = Asked("token", "token.thumbprint")
NAME = permanent_identifier(SERIAL)
GOOD = attester.apple(MAKER, b"token")


def test_the_key_that_was_attested() -> None:
    """With the format, for the audit trail."""
    found = judge(GOOD, ROOTS, ASKED, NAME, NOW)
    assert (found.format, found.key_fingerprint) == ("apple", key_fingerprint(new_key().public_key()))


def test_every_format_has_its_own_roots() -> None:
    """A root of one format is none of another; a format without roots, or unknown, is refused."""
    for roots in ({}, {"apple": ()}, {"step": (MAKER.root,)}):
        with pytest.raises(AcmeRefusal) as refused:
            judge(GOOD, roots, ASKED, NAME, NOW)
        assert "not accepted" in refused.value.detail
    with pytest.raises(AcmeRefusal):
        judge(attester.step(Maker("Other"), b"token.thumbprint"), {"step": (MAKER.root,)}, ASKED, NAME, NOW)
    everything = dict.fromkeys(FORMATS, (MAKER.root,))
    with pytest.raises(AcmeRefusal):
        judge(attester.attestation_object("packed", {}), everything, ASKED, NAME, NOW)


def test_another_device() -> None:
    """Neither a serial number nor a name that was attested; one with an assigner that nobody vouches for."""
    for name in (
        permanent_identifier("other"),
        permanent_identifier(SERIAL, "1.2.3"),
        permanent_identifier(SERIAL.lower()),
    ):
        with pytest.raises(AcmeRefusal) as refused:
            judge(GOOD, ROOTS, ASKED, name, NOW)
        assert "another device" in refused.value.detail


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_a_changed_octet_is_refused_or_changes_nothing(position: int, change: int) -> None:
    """Nothing but a refusal comes of it, and never another key."""
    data = bytearray(GOOD)
    data[position] ^= change
    try:
        found = judge(bytes(data), ROOTS, ASKED, NAME, NOW)
    except AcmeRefusal:
        return
    assert found == judge(GOOD, ROOTS, ASKED, NAME, NOW)
