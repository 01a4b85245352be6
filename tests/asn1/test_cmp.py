"""PKIMessage in two passes, compared with what another library makes of the same octets."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.der.decoder import decode
from pyasn1.codec.der.encoder import encode
from pyasn1_alt_modules import rfc9810

from emca_daemon.asn1 import der
from emca_daemon.asn1.cmp import (
    Body,
    Header,
    InformationValue,
    directory_name,
    encode_header,
    encode_message,
    information_value,
    name_in,
    read_message,
    salvage,
)
from emca_daemon.asn1.values import Algorithm
from emca_daemon.errors import Reason, Refused
from tests.support import cmp_messages as build

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
FULL = Header(
    pvno=2,
    sender=der.explicit(4, build.name("CN=a").public_bytes()),
    recipient=der.explicit(4, build.name("CN=b").public_bytes()),
    message_time=NOW,
    protection_algorithm=Algorithm("1.2.3", der.NULL),
    sender_kid=b"kid",
    recipient_kid=b"other",
    transaction_id=bytes(16),
    sender_nonce=bytes(range(16)),
    recipient_nonce=bytes(16),
    free_text=("hello", "there"),
    general_info=(InformationValue("1.3.6.1.5.5.7.4.13", der.NULL), InformationValue("1.2.3")),
)
BARE = Header(pvno=3, sender=FULL.sender, recipient=FULL.recipient)


@pytest.mark.parametrize("header", [FULL, BARE])
@pytest.mark.parametrize("certificates", [(), (der.sequence(), der.sequence(der.NULL))])
def test_a_message_comes_and_goes(header: Header, certificates: tuple[bytes, ...]) -> None:
    """Header, body, protection and certificates; what is protected is what was received."""
    encoded, body = encode_header(header), der.explicit(Body.PKICONF, der.NULL)
    protection = b"mac" if header is FULL else None
    message = read_message(encode_message(encoded, body, protection, certificates))
    assert message.header == header
    assert message.type is Body.PKICONF
    assert message.body == der.NULL
    assert message.protected == der.sequence(encoded, body)
    assert message.protection == protection
    assert message.certificates == certificates
    assert header.information("1.2.4") is None
    assert (FULL.information("1.2.3") or BARE) == InformationValue("1.2.3")


def test_another_library_reads_the_same() -> None:
    """And writes the same octets again."""
    data = encode_message(encode_header(FULL), der.explicit(Body.PKICONF, der.NULL), b"mac", ())
    theirs = decode(data, asn1Spec=rfc9810.PKIMessage())[0]
    assert encode(theirs) == data
    assert bytes(theirs["header"]["transactionID"]) == FULL.transaction_id
    assert theirs["body"].getName() == "pkiconf"


def odd_header(*fields: bytes) -> bytes:
    """A header with these fields after the recipient."""
    return der.sequence(der.integer(2), FULL.sender, FULL.recipient, *fields)


def broken_messages() -> list[bytes]:
    """What is no PKIMessage."""
    header = encode_header(FULL)
    good = der.explicit(Body.PKICONF, der.NULL)
    information = der.sequence(der.oid("1.2.3"))
    two_algorithms = der.sequence(header[2:] if header[1] < 0x80 else header[3:])
    return [
        b"",
        b"0",
        der.sequence(),
        der.sequence(header, good) + b"X",
        der.sequence(der.NULL, good),
        der.sequence(header, der.NULL),
        der.sequence(header, der.explicit(27, der.NULL)),
        der.sequence(header, b"\x93\x02\x05\x00"),
        der.sequence(header, good, der.explicit(0, b"\x03\x02\x01\x80")),
        der.sequence(header, good, der.explicit(1, der.sequence(*[der.sequence()] * 21))),
        der.sequence(encode_header(Header(2, FULL.sender, FULL.recipient, transaction_id=bytes(129))), good),
        der.sequence(
            encode_header(Header(2, FULL.sender, FULL.recipient, general_info=(InformationValue("1.2"),) * 51)), good
        ),
        der.sequence(odd_header(der.explicit(8, der.sequence(der.sequence()))), good),
        der.sequence(odd_header(der.explicit(8, der.sequence(der.sequence(*[der.oid("1.2")] * 3)))), good),
        der.sequence(odd_header(der.explicit(1, der.sequence(der.oid("1.2")) * 2)), good),
        der.sequence(odd_header(der.explicit(0, der.time(NOW))), good),
        der.sequence(information, two_algorithms),
    ]


@pytest.mark.parametrize("data", broken_messages())
def test_what_is_broken_is_malformed(data: bytes) -> None:
    """Never anything else."""
    with pytest.raises(Refused) as refusal:
        read_message(data)
    assert refusal.value.reason is Reason.MALFORMED


MESSAGE = encode_message(encode_header(FULL), der.explicit(Body.PKICONF, der.NULL), b"mac", ())


@given(st.integers(0, len(MESSAGE) - 1), st.integers(0, 255))
def test_mutations_give_a_message_or_a_refusal(place: int, value: int) -> None:
    """And what can be salvaged of them is read without a fault."""
    mutated = MESSAGE[:place] + bytes((value,)) + MESSAGE[place + 1 :]
    with suppress(Refused):
        read_message(mutated)
    salvage(mutated)


@given(st.binary(max_size=80))
def test_any_octets_give_a_message_or_a_refusal(data: bytes) -> None:
    """No other exception."""
    with suppress(Refused):
        read_message(data)
    salvage(data)


def test_salvage_of_trailing_octets_and_broken_bodies() -> None:
    """Version, sender, transaction and nonce are found where the rest cannot be read."""
    for data in (MESSAGE + b"X", MESSAGE[: len(MESSAGE) - 12]):
        found = salvage(data)
        assert found is not None
        assert (found.pvno, found.sender) == (2, FULL.sender)
        assert (found.transaction_id, found.sender_nonce) == (FULL.transaction_id, FULL.sender_nonce)


NO_MESSAGES = [b"", b"0", b"0\x80", b"0\x88" + bytes(8), der.NULL, der.sequence(), der.sequence(der.NULL)]


@pytest.mark.parametrize("data", [*NO_MESSAGES, der.sequence(der.sequence())])
def test_nothing_can_be_salvaged_of_what_is_no_message(data: bytes) -> None:
    """None."""
    assert salvage(data) is None


def test_salvage_takes_nothing_strange() -> None:
    """Long identifiers, other types and versions of several octets are left alone."""
    header = der.sequence(
        der.integer(1000),
        der.explicit(6, der.NULL),
        FULL.recipient,
        der.explicit(4, der.octet_string(bytes(200))),
        der.explicit(5, der.NULL),
    )
    found = salvage(der.sequence(header))
    assert found is not None
    assert (found.pvno, found.sender, found.transaction_id, found.sender_nonce) == (None, None, None, None)


@pytest.mark.parametrize("sender", [der.implicit(2, b"host.example"), der.implicit(6, b"http://host.example")])
def test_senders_may_have_plain_names(sender: bytes) -> None:
    """Hosts and addresses."""
    message = encode_message(encode_header(Header(2, sender, FULL.recipient)), der.explicit(19, der.NULL), None, ())
    assert read_message(message).header.sender == sender


@pytest.mark.parametrize(
    "sender", [der.NULL, der.explicit(4, der.NULL), der.implicit(2, b"\xff"), der.implicit(7, b"ip")]
)
def test_senders_whose_names_cannot_be_repeated_are_refused(sender: bytes) -> None:
    """As malformed; nor are they salvaged."""
    message = encode_message(encode_header(Header(2, sender, FULL.recipient)), der.explicit(19, der.NULL), None, ())
    with pytest.raises(Refused):
        read_message(message)
    found = salvage(message)
    assert found is not None
    assert found.sender is None


def test_names() -> None:
    """The name in a directoryName, of any length; nothing for other general names."""
    for text in ("CN=a", "CN=a,OU=" + "b" * 60 + ",O=" + "c" * 60 + ",L=" + "d" * 100):
        name = build.name(text).public_bytes()
        assert name_in(der.explicit(4, name)) == name
    assert directory_name(build.name("CN=a")) == FULL.sender
    assert name_in(b"") is None
    assert name_in(der.implicit(2, b"host")) is None


def test_information() -> None:
    """With a value or without."""
    assert information_value(der.sequence(der.oid("1.2.3"))) == InformationValue("1.2.3")
    with pytest.raises(Refused):
        information_value(der.sequence())
