"""Durations as people write them in configuration: "90d", "12h", "1d12h", "200ms"."""

import re
from datetime import timedelta

_UNITS = {
    "y": timedelta(days=365),
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_PART = re.compile(r"([0-9]{1,9})(ms|[ywdhms])")
_WHOLE = re.compile(r"(?:[0-9]{1,9}(?:ms|[ywdhms])){1,7}")


def parse_duration(text: str) -> timedelta:
    """A duration from text: one or more of number and unit (y = 365 d, w, d, h, m, s, ms).

    Raises ValueError for anything else and for more than a timedelta holds.
    """
    if not _WHOLE.fullmatch(text):
        raise ValueError("not a duration")
    try:
        return sum((int(count) * _UNITS[unit] for count, unit in _PART.findall(text)), timedelta())
    except OverflowError as error:
        raise ValueError("too long a duration") from error


def duration_text(duration: timedelta) -> str:
    """The shortest text from which `parse_duration` reads the same duration (a week and more in days or years)."""
    rest, parts = duration, []
    if duration % _UNITS["y"] == timedelta() and duration:
        return f"{duration // _UNITS['y']}y"
    for unit in ("d", "h", "m", "s", "ms"):
        count, rest = divmod(rest, _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
