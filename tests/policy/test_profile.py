"""Tests of emca_daemon.policy.profile and of its reference, docs/profiles.md."""

import re
import types
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Union, get_args, get_origin, get_type_hints

import pytest

from emca_daemon.durations import parse_duration
from emca_daemon.policy.facts import Proof, RequesterProtocol
from emca_daemon.policy.patterns import DistinguishedName, IpNetwork, MailPattern
from emca_daemon.policy.profile import Profile
from emca_daemon.policy.profile_extensions import PURPOSES
from emca_daemon.policy.rules import VARIABLES
from tests.support.policy_world import problems_of, profile

REFERENCE = Path(__file__).parents[2] / "docs" / "profiles.md"
ROW = re.compile(r"\| `([a-z0-9_.\[\]]+)` \| [^|]* \| `([^|]*)` \| [^|]+\|")


def shown(value: object) -> str:
    """A default as the reference writes it."""
    match value:
        case None:
            return "none"
        case bool() | int():
            return str(value).lower()
        case timedelta():
            return "duration"
        case Enum():
            return f'"{value.value}"'
        case str():
            return f'"{value}"'
        case tuple():
            return f"[{', '.join(shown(one) for one in value)}]"
        case IpNetwork(network=network):
            return f'"{network}"'
        case DistinguishedName(name=name):
            return f'"{name.rfc4514_string()}"'
        case MailPattern(domains=domains):
            return f'"{domains.patterns[0].text}"'
    return f'"{getattr(value, "text")}"'  # noqa: B009 - a DNS pattern


def nested(hint: object) -> tuple[type | None, str]:
    """The dataclass in a hint that is read from a table, and what its key ends with."""
    if get_origin(hint) in (Union, types.UnionType):
        return nested(next(part for part in get_args(hint) if part is not types.NoneType))
    if get_origin(hint) is tuple:
        return nested(get_args(hint)[0])[0], "[]"
    plain = isinstance(hint, type) and is_dataclass(hint) and not hasattr(hint, "parse")
    return (hint if plain else None), ""  # type: ignore[return-value]


def keys(cls: type, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Every key beneath a dataclass with its default; MISSING where there is none."""
    hints = get_type_hints(cls)
    for item in fields(cls):
        inner, suffix = nested(hints[item.name])
        if item.default_factory is MISSING and item.name != "name":
            yield prefix + item.name + (suffix if inner else ""), item.default
        if inner is not None:
            yield from keys(inner, f"{prefix}{item.name}{suffix}.")


def documented() -> dict[str, str]:
    """The defaults in the reference by key."""
    return dict(ROW.findall(REFERENCE.read_text(encoding="utf-8")))


def test_every_key_and_its_default_are_documented() -> None:
    """The reference and the dataclasses say the same, and the reference says nothing else."""
    page = documented()
    expected = dict(keys(Profile))
    assert set(page) == set(expected)
    for key, default in expected.items():
        if isinstance(default, timedelta):
            assert parse_duration(page[key].strip('"')) == default, key
        else:
            assert page[key] == ("required" if default is MISSING else shown(default)), key


def test_the_variables_of_rules_and_the_purposes_are_documented() -> None:
    """By name, with what they hold."""
    text = REFERENCE.read_text(encoding="utf-8")
    assert all(f"| `{name}` | {meaning} |" in text for name, meaning in VARIABLES.items())
    assert all(f"| `{name}` | {oid} |" in text for name, oid in PURPOSES.items())


def test_protocols_and_proofs_are_documented() -> None:
    """All of them, and no others."""
    text = REFERENCE.read_text(encoding="utf-8")
    (protocols,) = [line for line in text.splitlines() if line.startswith("| `requesters.protocols`")]
    assert re.findall("`([a-z]+)`", protocols) == list(get_args(RequesterProtocol))
    rows = re.findall(r"^\| (.*) \| (.*) \|$", text.partition("### Proofs")[2].partition("\n## ")[0], re.MULTILINE)
    told = [(re.findall("`([a-z]+)`", who), re.findall("`([a-z+-]+)`", proofs)) for who, proofs in rows]
    assert {name for names, _ in told for name in names} == set(get_args(RequesterProtocol))
    assert {proof for _, proofs in told for proof in proofs} == set(get_args(Proof))


def test_a_profile_of_nothing_but_defaults_is_sound() -> None:
    """It certifies a subject-less end entity for nobody in particular, and has no contradictions."""
    assert problems_of({}) == []


CA_BITS: dict[str, object] = {"bits": ["key-cert-sign", "crl-sign"]}
STAMPING: dict[str, object] = {"purposes": ["time-stamping"], "critical": True}
CONTRADICTIONS: list[tuple[dict[str, object], list[str]]] = [
    ({"kind": "sub-ca", "key_usage": CA_BITS}, []),
    ({"kind": "sub-ca"}, ["key_usage.bits"]),
    ({"kind": "sub-ca", "key_usage": {"bits": ["key-cert-sign"]}}, ["key_usage.bits"]),
    ({"kind": "root", "key_usage": CA_BITS, "issuer": "other"}, ["issuer"]),
    ({"key_usage": CA_BITS}, ["key_usage.bits"]),
    ({"name_constraints": {"permitted": ["dns:a.b"]}}, ["name_constraints"]),
    ({"kind": "ocsp-signer"}, ["extended_key_usage.purposes"]),
    ({"kind": "ocsp-signer", "extended_key_usage": {"purposes": ["ocsp-signing"]}}, []),
    ({"kind": "tsa", "extended_key_usage": STAMPING}, []),
    ({"kind": "tsa", "extended_key_usage": {"purposes": ["time-stamping"]}}, ["extended_key_usage"]),
    ({"custom_extensions": [{"oid": "2.5.29.17", "value": "0500"}]}, ["custom_extensions[0].oid"]),
    ({"custom_extensions": [{"oid": "1.2.3", "value": "0500"}] * 2}, ["custom_extensions[1].oid"]),
    ({"requested_extensions": {"copy": ["1.2.4", "2.5.29.19"]}}, ["requested_extensions.copy[1]"]),
    ({"validity": {"duration": "5m"}}, ["validity.duration"]),
    ({"validity": {"maximum": "5d"}}, ["validity.maximum"]),
    ({"key": {"rsa_minimum": 4096, "rsa_maximum": 2048}}, ["key.rsa_minimum"]),
    ({"key": {"algorithms": []}}, ["key.algorithms"]),
    ({"key": {"request_signatures": ["sha1WithRSAEncryption", "RSASSA-PSS-SHA1"]}}, []),
    ({"key": {"request_signatures": ["sha1"]}}, ["key.request_signatures"]),
    ({"key": {"request_signatures": []}}, ["key.request_signatures"]),
    ({"policies": [{"oid": "1.2.3"}, {"oid": "1.2.3"}]}, ["policies"]),
    ({"extended_key_usage": {"purposes": ["any", "2.5.29.37.0"]}}, ["extended_key_usage.purposes"]),
    ({"key": {"algorithms": ["x25519", "ml-kem-768"]}}, []),
    ({"key": {"algorithms": ["x448"]}, "key_usage": {"bits": ["key-agreement"]}}, []),
    ({"key": {"algorithms": ["x448"]}, "key_usage": {"bits": ["digital-signature"]}}, ["key_usage.bits"]),
    ({"key": {"algorithms": ["ml-kem-1024"]}, "key_usage": {"bits": ["key-agreement"]}}, ["key_usage.bits"]),
    ({"kind": "sub-ca", "key_usage": CA_BITS, "key": {"algorithms": ["x25519"]}}, ["key.algorithms"]),
]


@pytest.mark.parametrize(("table", "found"), CONTRADICTIONS)
def test_parts_that_do_not_fit_are_refused(table: dict[str, object], found: list[str]) -> None:
    """At load, by key."""
    assert [key for key, _ in problems_of(table)] == found


def test_the_longest_validity() -> None:
    """The maximum counts where a requester may choose."""
    rules: dict[str, object] = {"duration": "10d", "maximum": "20d"}
    assert profile(validity=rules).validity.longest == timedelta(days=10)
    assert profile(validity={**rules, "requested": "allow"}).validity.longest == timedelta(days=20)
    assert profile(validity={"requested": "allow", "duration": "10d"}).validity.longest == timedelta(days=10)
