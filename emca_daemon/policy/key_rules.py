"""Which keys a profile certifies, and what may have signed the request."""

from emca_daemon.errors import Mismatch, Reason
from emca_daemon.policy.facts import KeyFacts, RequestFacts
from emca_daemon.policy.profile import KeyRules


def key_mismatches(rules: KeyRules, facts: RequestFacts) -> list[Mismatch]:
    """What is wrong with the key of a request and with the request's own signature."""
    key = facts.key
    mismatches = [_refusal("weaknesses", weakness) for weakness in key.weaknesses]
    if facts.key_blocked:
        mismatches.append(_refusal("compromised", "this key was reported as compromised; make a new key"))
    name = key.parameter or key.algorithm
    if name not in rules.algorithms:
        mismatches.append(_refusal("algorithms", f"a {name} key is not allowed"))
    elif key.algorithm == "rsa":
        mismatches += _rsa_mismatches(rules, key)
    if rules.duplicates == "refuse" and facts.key_certified_before:
        mismatches.append(_refusal("duplicates", "this key has a certificate already; make a new key"))
    if rules.duplicates == "same-requester" and facts.key_certified_for_others:
        mismatches.append(_refusal("duplicates", "this key is certified for somebody else; make a new key"))
    signature = facts.request_signature
    if signature and signature not in rules.request_signatures:
        detail = f"a request signed with {signature} is not accepted"
        mismatches.append(Mismatch("key.request_signatures", detail, Reason.ALGORITHM_REFUSED))
    return mismatches


def _rsa_mismatches(rules: KeyRules, key: KeyFacts) -> list[Mismatch]:
    mismatches = []
    if key.bits < rules.rsa_minimum:
        mismatches.append(_refusal("rsa_minimum", f"an RSA key needs {rules.rsa_minimum} bits, not {key.bits}"))
    if key.bits > rules.rsa_maximum:
        mismatches.append(_refusal("rsa_maximum", f"an RSA key may have {rules.rsa_maximum} bits, not {key.bits}"))
    if key.exponent < rules.rsa_exponent_minimum:
        detail = f"the public exponent must be at least {rules.rsa_exponent_minimum}"
        mismatches.append(_refusal("rsa_exponent_minimum", detail))
    return mismatches


def _refusal(field: str, detail: str) -> Mismatch:
    return Mismatch(f"key.{field}", detail, Reason.KEY_REFUSED)
