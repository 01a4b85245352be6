"""Bounds that a single setting must keep, written beside its default in the model."""

from collections.abc import Sequence
from dataclasses import field
from datetime import timedelta
from typing import TypeVar

from emca_daemon.toml_reading import Check, between, checked

T = TypeVar("T")


def limited(default: T, *checks: Check) -> T:
    """A dataclass field with that default, and checks for the values that a file gives it."""
    return field(default=default, metadata=checked(*checks))


def one_of(*choices: str) -> Check:
    """A check: one of these texts."""

    def check(value: object) -> str | None:
        return None if value in choices else "one of " + ", ".join(f'"{choice}"' for choice in choices)

    return check


def each_of(*choices: str) -> Check:
    """A check: a list of these texts, none of them twice."""
    single = one_of(*choices)

    def check(values: object) -> str | None:
        if not isinstance(values, Sequence) or len(set(values)) != len(values) or any(map(single, values)):
            return f"a list of different texts, each {single(None)}"
        return None

    return check


def positive(value: object) -> str | None:
    """A check: a duration that is not nothing."""
    return None if isinstance(value, timedelta) and value > timedelta() else "a duration of more than 0s"


port = between(0, 65_535)
"""A check: a TCP or UDP port; 0 leaves the choice to the system."""

count = between(1, 1_000_000)
"""A check: a number of things of which there must be at least one."""

size = between(1_024, 1_073_741_824)
"""A check: a number of octets from one kibibyte to one gibibyte."""
