"""Broken DER for decoders: a part of a structure replaced, doubled, left out or made deep, all lengths right again."""

from collections.abc import Sequence
from random import Random  # noqa: TID251 - chance that a seed repeats

from emca_daemon.asn1 import der

_CONSTRUCTED = 0x20
_STRANGE = (
    b"",
    der.NULL,
    der.TRUE,
    der.sequence(),
    der.integer(-1),
    der.integer(2**64),
    der.integer(2**2000),
    der.octet_string(b""),
    der.octet_string(bytes(300)),
    der.bit_string(b""),
    b"\x03\x01\x07",
    b"\x03\x00",
    b"\x02\x00",
    b"\x0a\x01\x63",
    der.oid("1.3.6.1.5.5.7.4.17"),
    b"\x06\x01\x80",
    b"\x0c\x02\xff\xfe",
    b"\x18\x0f99991332256199Z",
    b"\x17\x0d260101000000Z",
    b"\x1f\x84\x01\x00",
    b"\x30\x80\x00\x00",
    der.explicit(0, b""),
    der.explicit(9, der.NULL),
    b"\x31\x00",
)
_DEEP = 200


def mutated(data: bytes, random: Random) -> bytes:
    """DER with one to three parts of it changed; sometimes with single octets changed, too."""
    for _ in range(random.randint(1, 3)):
        data = _changed(data, random)
    if data and random.random() < 0.2:
        place = random.randrange(len(data))
        data = data[:place] + bytes((random.randrange(256),)) + data[place + random.choice((0, 1, 2)) :]
    return data


def _changed(data: bytes, random: Random) -> bytes:
    """The structure with a change at one place, as deep as chance has it."""
    parts = values(data)
    if not parts:
        return random.choice(_STRANGE)
    place = random.randrange(len(parts))
    chosen = parts[place]
    if chosen[0] & _CONSTRUCTED and random.random() < 0.8:
        inner = chosen[len(chosen) - _content_size(chosen) :]
        changed = der.tlv(chosen[0], _changed(inner, random))
    else:
        changed = _replacement(chosen, random)
    return b"".join((*parts[:place], changed, *parts[place + 1 :]))


def _replacement(part: bytes, random: Random) -> bytes:
    match random.randrange(8):
        case 0:
            return b""
        case 1:
            return part * random.choice((2, 3, 150))
        case 2:
            return random.choice(_STRANGE)
        case 3:
            return der.tlv(random.randrange(256) & 0xDE, part[2:])
        case 4:
            return part + random.choice(_STRANGE)
        case 5:
            return part[: random.randrange(len(part))]
        case 6:
            for _ in range(_DEEP):
                part = der.tlv(random.choice((0x30, 0xA0, 0xA4)), part)
            return part
        case _:
            place = random.randrange(len(part))
            return part[:place] + bytes((part[place] ^ 1 << random.randrange(8),)) + part[place + 1 :]


def values(content: bytes) -> Sequence[bytes]:
    """The values that stand one after the other; none where the content is not made of whole values."""
    found = []
    while content:
        size = _whole_size(content)
        if size is None or size > len(content):
            return ()
        found.append(content[:size])
        content = content[size:]
    return found


def _whole_size(data: bytes) -> int | None:
    if len(data) < 2 or data[0] & 0x1F == 0x1F:
        return None
    if data[1] < 0x80:
        return 2 + data[1]
    octets = data[1] & 0x7F
    return 2 + octets + int.from_bytes(data[2 : 2 + octets]) if 1 <= octets <= 4 else None


def _content_size(data: bytes) -> int:
    return len(data) - (2 if data[1] < 0x80 else 2 + (data[1] & 0x7F))
