"""Byte ranges (RFC 9110 section 14): one range at a time, which is what resuming a download takes."""

import re
from enum import Enum

_SINGLE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))", re.ASCII)


class Unsatisfiable(Enum):
    """The one answer to a range of which nothing exists."""

    RANGE = "unsatisfiable"


def read_range(field: str | None, size: int) -> slice | Unsatisfiable | None:
    """The part of a body of `size` bytes that a Range field asks for.

    None where the field is absent or to be ignored, because it asks for several ranges, in another unit, or nonsense
    (RFC 9110 14.2): the whole body is the answer then.
    """
    matched = _SINGLE.fullmatch(field.strip()) if field else None
    if matched is None:
        return None
    first, last, suffix = matched.groups()
    if suffix is not None:
        start, end = max(0, size - int(suffix)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    return slice(start, end) if start < end else Unsatisfiable.RANGE
