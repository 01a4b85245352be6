"""The little of CBOR (RFC 8949) that attestations are made of: whole numbers, octets, text, lists and maps, no more.

A library would read all of it, tags included: regular expressions, dates, references to oneself. What comes from a
stranger is held to what is needed: no tags, no floats, no indefinite lengths, keys in text and each of them once.
"""

from emca_daemon.errors import Reason, Refused

Value = int | bytes | str | bool | None | list["Value"] | dict[str, "Value"]

MAX_SIZE = 65_536
"""Octets read at the most."""
MAX_DEPTH = 4
"""Lists and maps inside each other, at the most."""
MAX_COUNT = 64
"""Elements of one list or map, at the most."""

_SIMPLE: dict[int, bool | None] = {20: False, 21: True, 22: None}


def read_cbor(data: bytes, *, max_size: int = MAX_SIZE, max_depth: int = MAX_DEPTH) -> Value:
    """The one value in `data`; raises Refused(MALFORMED) for everything else."""
    if len(data) > max_size:
        raise Refused(Reason.MALFORMED, f"more than {max_size} octets of CBOR")
    value, end = _read(data, 0, max_depth)
    if end != len(data):
        raise _malformed("octets follow the end of the value")
    return value


def _read(data: bytes, start: int, depth: int) -> tuple[Value, int]:
    """A value and where the next one begins."""
    if start >= len(data):
        raise _malformed("it ends too early")
    major, argument, position = data[start] >> 5, data[start] & 0x1F, start + 1
    if major == 7:
        if argument not in _SIMPLE:
            raise _malformed("a float, or a value without a meaning")
        return _SIMPLE[argument], position
    number, position = _argument(data, argument, position)
    match major:
        case 0:
            return number, position
        case 1:
            return -1 - number, position
        case 2:
            return _octets(data, position, number)
        case 3:
            return _text(data, position, number)
        case 4:
            return _list(data, position, number, depth)
        case 5:
            return _map(data, position, number, depth)
    raise _malformed("a tag")


def _argument(data: bytes, argument: int, position: int) -> tuple[int, int]:
    if argument < 24:
        return argument, position
    if argument > 27:
        raise _malformed("an indefinite length")
    content, end = _octets(data, position, 1 << (argument - 24))
    return int.from_bytes(content), end


def _octets(data: bytes, position: int, size: int) -> tuple[bytes, int]:
    if size > len(data) - position:
        raise _malformed("it ends too early")
    return data[position : position + size], position + size


def _text(data: bytes, position: int, size: int) -> tuple[str, int]:
    content, end = _octets(data, position, size)
    try:
        return content.decode(), end
    except UnicodeDecodeError:
        raise _malformed("text that is not UTF-8") from None


def _list(data: bytes, position: int, count: int, depth: int) -> tuple[list[Value], int]:
    _check_bounds(count, depth)
    found: list[Value] = []
    for _ in range(count):
        value, position = _read(data, position, depth - 1)
        found.append(value)
    return found, position


def _map(data: bytes, position: int, count: int, depth: int) -> tuple[dict[str, Value], int]:
    _check_bounds(count, depth)
    found: dict[str, Value] = {}
    for _ in range(count):
        key, position = _read(data, position, 0)
        if not isinstance(key, str) or key in found:
            raise _malformed("a key that is no text, or there twice")
        found[key], position = _read(data, position, depth - 1)
    return found, position


def _check_bounds(count: int, depth: int) -> None:
    if count > MAX_COUNT or depth < 1:
        raise _malformed("too many values, or too deeply nested")


def _malformed(why: str) -> Refused:
    return Refused(Reason.MALFORMED, f"this is not the CBOR expected: {why}")
