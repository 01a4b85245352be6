"""Who asks, as far as HTTP authentication has proved it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpUser:
    """Who HTTP authentication says it is; `proof` is `password` or `token`."""

    name: str
    proof: str
    groups: frozenset[str] = frozenset()
