"""Rules of one's own: CEL expressions over the facts of a request, each with a message."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from emca_daemon.asn1.attributes import attribute_type
from emca_daemon.errors import Mismatch, Reason
from emca_daemon.names import NameType
from emca_daemon.policy.facts import RequestFacts
from emca_daemon.toml_reading import checked, not_empty

if TYPE_CHECKING:
    import cel

VARIABLES = {
    "subject": "map from attribute name (`organizationName`; else the OID) to its value, or the list of its values",
    "names": "list of all alternative names, each `type:value`",
    "dns": "list of the DNS names",
    "ip": "list of the IP addresses",
    "email": "list of the mailboxes",
    "key": "map with `algorithm`, `parameter` (text) and `bits`, `exponent` (numbers)",
    "requester": "map with `protocol`, `identity`, `proof`, `origin`, `application` and `groups` (a list)",
    "validity_seconds": "the length of the validity that would be given",
    "request_signature": "the algorithm that signed the request, empty where nothing did",
}
"""The variables of an expression and what they hold."""

_BOUND = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(\s*(\w+)\s*,")
"""What binds a variable within an expression; a name it misses is refused at load, never wrongly let through."""

_TOKEN = re.compile(
    r"""[bB]?[rR]("{3}.*?"{3}|'{3}.*?'{3}|"[^"]*"|'[^']*')"""  # texts, raw ones first: what they hold is no code
    r"""|"{3}.*?"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|//[^\n]*"""
    r"""|(?P<loop>\.\s*(?:all|exists|exists_one|map|filter)\s*\()|(?P<open>\()|(?P<close>\))""",
    re.DOTALL,
)

LONGEST = 4000
"""Characters of an expression: the library ends the process in a much longer one."""

DEEPEST = 2
"""Loops within loops: each one more makes a rule as many times slower as the request has names."""

MOST_ATTRIBUTES = 100
"""Attributes in the subject of a request for which rules are asked; they do not hold for one with more."""

_TYPES = {"bool", "bytes", "double", "int", "list", "map", "string", "uint"}
_FUNCTIONS = _TYPES | {
    "all",
    "contains",
    "duration",
    "dyn",
    "endsWith",
    "exists",
    "exists_one",
    "filter",
    "has",
    "map",
    "matches",
    "size",
    "startsWith",
    "timestamp",
    "type",
}


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled CEL expression whose variables are all known."""

    text: str
    program: "cel.Program" = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> "Expression":
        """From CEL; raises ValueError for what is not CEL, asks for an unknown variable, or could take very long."""
        if len(text) > LONGEST:
            raise ValueError(f"an expression of at most {LONGEST} characters")
        if _loops_within_loops(text) > DEEPEST:
            raise ValueError(f"at most {DEEPEST} of all, exists, exists_one, map and filter within one another")
        import cel  # here: most profiles have no rules, and its own command line makes it large

        try:
            program = cel.compile(text)
        except ValueError as error:
            raise ValueError(f"a CEL expression ({' '.join(str(error).split())[:200]})") from error
        bound = set(_BOUND.findall(text))
        if unknown := sorted(set(program.variables()) - set(VARIABLES) - _TYPES - bound):
            raise ValueError(f"only the variables {', '.join(VARIABLES)}, not {', '.join(unknown)}")
        if unknown := sorted(name for name in program.functions() if name[0].isalpha() and name not in _FUNCTIONS):
            raise ValueError(f"only functions of standard CEL, not {', '.join(unknown)}")
        return cls(text, program)

    def holds(self, values: Mapping[str, object]) -> bool:
        """Whether it comes out true; anything else, an error included, is no (a rule fails closed)."""
        try:
            return self.program.execute(dict(values)) is True
        except (ValueError, TypeError, RuntimeError, LookupError, ArithmeticError):
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class CelRule:
    """A rule of one's own: a CEL expression over the facts of the request, which must come out true."""

    expression: Expression
    """The expression; the variables are listed below."""
    message: str = field(metadata=checked(not_empty))
    """What the requester is told when it does not come out true."""


def rule_mismatches(
    rules: Sequence[CelRule], facts: RequestFacts, validity: timedelta, most_names: int
) -> list[Mismatch]:
    """A mismatch for every rule that does not hold; none does for a request of more names or attributes than may be."""
    if not rules:
        return []
    too_many = len(facts.names) > most_names or len(facts.subject) > MOST_ATTRIBUTES
    values = {} if too_many else rule_values(facts, validity)
    return [
        Mismatch(f"rules[{place}]", rule.message, Reason.PROFILE_REFUSED)
        for place, rule in enumerate(rules)
        if too_many or not rule.expression.holds(values)
    ]


def rule_values(facts: RequestFacts, validity: timedelta) -> dict[str, object]:
    """The variables of an expression for one request."""
    requester, key = facts.requester, facts.key
    return {
        "subject": _subject_values(facts),
        "names": [str(name) for name in facts.names],
        "dns": _of_type(facts, NameType.DNS),
        "ip": _of_type(facts, NameType.IP),
        "email": _of_type(facts, NameType.EMAIL),
        "key": {
            "algorithm": key.algorithm,
            "parameter": key.parameter,
            "bits": key.bits,
            "exponent": min(key.exponent, 2**62),  # CEL's numbers have 64 bits
        },
        "requester": {
            "protocol": requester.protocol,
            "identity": requester.identity,
            "proof": requester.proof,
            "origin": requester.origin,
            "application": requester.application,
            "groups": sorted(requester.groups),
        },
        "validity_seconds": int(validity.total_seconds()),
        "request_signature": facts.request_signature,
    }


def _loops_within_loops(text: str) -> int:
    """How deep comprehensions stand in one another."""
    inside: list[bool] = []
    deepest = 0
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case "loop" | "open" as kind:
                inside.append(kind == "loop")
                deepest = max(deepest, sum(inside))
            case "close" if inside:
                inside.pop()
    return deepest


def _of_type(facts: RequestFacts, kind: NameType) -> list[str]:
    return [name.value for name in facts.names if name.type is kind]


def _subject_values(facts: RequestFacts) -> dict[str, object]:
    collected: dict[str, list[str]] = {}
    for attribute in facts.subject:
        collected.setdefault(attribute_type(attribute.oid).name, []).append(attribute.value)
    return {name: values[0] if len(values) == 1 else values for name, values in collected.items()}
