"""DNS names as certificates carry them: what is one, and which pattern matches it (RFC 1034, 5280, 5890)."""

import re
from dataclasses import dataclass
from functools import cached_property

import idna

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_UNDERSCORED_LABEL = re.compile(r"_?[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


def dns_name_problem(name: str, *, wildcard: bool, underscores: bool = False, single_label: bool = True) -> str | None:
    """What keeps `name` (lower case) from being a DNS name in a certificate; None when nothing does.

    With `wildcard`, a whole left-most label `*` is allowed; `underscores` allows `_`; without `single_label` a name
    needs a dot, and a wildcard two labels behind it. The root's trailing dot is never written.
    """
    if problem := _text_problem(name):
        return problem
    star, labels = name.startswith("*."), name.split(".")
    if star:
        if not wildcard:
            return "is a wildcard, and wildcards are not allowed"
        labels = labels[1:]
    if "*" in "".join(labels):
        return "has a * that is not its whole left-most label"
    for label in labels:
        if problem := _label_problem(label, underscores=underscores):
            return problem
    if _NUMBER.fullmatch(labels[-1]):
        return "ends in a number, as an IP address does"
    if len(labels) == 1 and not single_label:
        return "is a wildcard over a whole top-level domain" if star else "has a single label"
    return None


def _text_problem(name: str) -> str | None:
    if not name:
        return "is empty"
    if len(name) > 253:
        return "is longer than 253 characters"
    if not name.isascii():
        return "holds characters beyond ASCII; an internationalized name is written as A-labels (xn--)"
    return "ends with a dot" if name.endswith(".") else None


def _label_problem(label: str, *, underscores: bool) -> str | None:
    if not label:
        return "has an empty label"
    if len(label) > 63:
        return "has a label longer than 63 characters"
    if not (_UNDERSCORED_LABEL if underscores else _LABEL).fullmatch(label):
        return f"has a label that is not letters, digits and inner hyphens: {label!r}"
    if label[2:4] != "--":
        return None
    if not label.startswith("xn--"):
        return f"has a label with hyphens in places 3 and 4: {label!r}"
    return _a_label_problem(label)


def _a_label_problem(label: str) -> str | None:
    try:
        again = idna.alabel(idna.ulabel(label)).decode()
    except UnicodeError:  # idna.IDNAError, and what its punycode decoder raises
        again = ""
    return None if again == label else f"has a label that is not a valid A-label: {label!r}"


@dataclass(frozen=True, slots=True)
class DnsPattern:
    """A pattern for DNS names: `*` (every name), `.example.com` (every name beneath it) or `example.com` (it alone)."""

    text: str

    @classmethod
    def parse(cls, text: str) -> "DnsPattern":
        """From text in any case; raises ValueError."""
        lower = text.lower()
        if lower != "*" and dns_name_problem(lower.removeprefix("."), wildcard=False, underscores=True):
            raise ValueError('a DNS pattern: "*", ".example.com" (names beneath) or "example.com" (that name)')
        return cls(lower)


@dataclass(frozen=True)
class DnsPatterns:
    """A set of DNS patterns, ready to be matched in a time that does not grow with their number."""

    patterns: tuple[DnsPattern, ...]

    @cached_property
    def _texts(self) -> frozenset[str]:
        return frozenset(pattern.text for pattern in self.patterns)

    def cover(self, name: str) -> bool:
        """Whether every host that `name` stands for matches a pattern; `name` may be a wildcard."""
        texts = self._texts
        if "*" in texts or name in texts:
            return True
        return any(parent in texts for parent in _parents(name))

    def touch(self, name: str) -> bool:
        """Whether any host that `name` stands for matches a pattern; for a wildcard, any one label in its place."""
        if self.cover(name):
            return True
        if not name.startswith("*."):
            return False
        beneath = name[1:]
        return any(
            text.endswith(beneath) and "." not in text[: -len(beneath)] for text in self._texts if text[0] != "."
        )


def _parents(name: str) -> list[str]:
    """`.b.c` and `.c` for `a.b.c`."""
    labels = name.split(".")
    return ["." + ".".join(labels[start:]) for start in range(1, len(labels))]
