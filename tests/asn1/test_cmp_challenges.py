"""Challenges as another library reads them, and their answers."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.der.decoder import decode
from pyasn1.codec.der.encoder import encode
from pyasn1_alt_modules import rfc9810

from emca_daemon.asn1 import cms, der
from emca_daemon.asn1.cmp_challenges import MAXIMUM_RESPONSES, challenge_content, challenge_responses, rand
from emca_daemon.asn1.cms_enveloping import ToPassword, envelop
from emca_daemon.errors import Reason, Refused
from emca_daemon.randomness import system_random
from tests.support import cmp_messages as build

SENDER = der.explicit(4, build.name("CN=CA").public_bytes())


def test_a_number_and_who_asks_for_it() -> None:
    """Rand, and the INTEGER by itself."""
    data, integer = rand(2**127 + 5, SENDER)
    theirs = decode(data, asn1Spec=rfc9810.Rand())[0]
    assert int(theirs["int"]) == 2**127 + 5
    assert encode(theirs["int"]) == integer
    assert encode(theirs["sender"]) == SENDER


def test_challenges_of_both_versions() -> None:
    """Version 2 has the octets in `challenge`; version 3 an envelope, and nothing there."""
    (old,) = decode(challenge_content(b"hash", b"secret"), asn1Spec=rfc9810.POPODecKeyChallContent())[0]
    assert str(old["owf"]["algorithm"]) == "2.16.840.1.101.3.4.2.1"
    assert (bytes(old["witness"]), bytes(old["challenge"]), old["encryptedRand"].isValue) == (b"hash", b"secret", False)
    envelope = cms.read_content_info(envelop(b"x", [ToPassword(b"p")], "aes-256-cbc", system_random))[1]
    content = challenge_content(b"hash", b"", envelope)
    (new,) = decode(content, asn1Spec=rfc9810.POPODecKeyChallContent())[0]
    assert bytes(new["challenge"]) == b""
    assert int(new["encryptedRand"]["version"]) == 3
    assert content.endswith(envelope)


def test_answers() -> None:
    """Numbers, as they came."""
    numbers = [der.integer(one) for one in (0, -1, 2**200)]
    assert challenge_responses(der.sequence(*numbers)) == tuple(numbers)
    assert challenge_responses(der.sequence()) == ()


@pytest.mark.parametrize(
    "data",
    [b"", der.NULL, der.sequence(der.NULL), der.sequence(*[der.integer(1)] * (MAXIMUM_RESPONSES + 1))],
)
def test_what_is_no_answer(data: bytes) -> None:
    """Is malformed: no list, no numbers, too many."""
    with pytest.raises(Refused) as refusal:
        challenge_responses(data)
    assert refusal.value.reason is Reason.MALFORMED


@given(st.binary(max_size=60))
def test_any_octets(data: bytes) -> None:
    """Are read or refused."""
    with suppress(Refused):
        assert isinstance(challenge_responses(data), tuple)
