"""The linter: what passes, what is run, what is remembered."""

import subprocess
import sys

import pytest
from cryptography import x509

from emca_daemon.errors import Mismatch, Reason, Refused
from emca_daemon.names import SerialNumber
from emca_daemon.policy.lint import LEVELS, Linter
from emca_daemon.policy.tokens import CertificateKind
from tests.support.certificates import Draft, changed, extension, new_key, subject_name

ISSUER = new_key()
FINDING = Mismatch("certificate", "found", Reason.PROFILE_REFUSED)


class Counting:
    """Stands for pkilint: counts, and finds what it was told to find."""

    def __init__(self, *findings: Mismatch) -> None:
        self.calls = 0
        self._findings = findings

    def findings(self, der: bytes) -> tuple[Mismatch, ...]:
        """What it was told to find."""
        assert der[0] == 0x30
        self.calls += 1
        return self._findings


def linter_with(counting: Counting, remember: int = 1024) -> Linter:
    """A linter whose validators are those."""
    linter = Linter(remember=remember)
    linter._pkix = linter._serverauth = counting  # type: ignore[assignment]
    return linter


@pytest.mark.parametrize("level", ["none", "pkix"])
def test_a_sound_certificate_passes(level: str) -> None:
    """The token holds what was passed, with the real validators."""
    built = Draft(lint=level).built()
    assert Linter().pass_(built).to_be_signed is built


def test_every_finding_is_in_the_refusal() -> None:
    """One mismatch each, from the validators as they are."""
    extra = (extension(x509.PolicyConstraints(0, None), critical=True), extension(x509.InhibitAnyPolicy(0)))
    with pytest.raises(Refused) as refusal:
        Linter().pass_(Draft(extra=extra).built())
    assert refusal.value.reason is Reason.PROFILE_REFUSED
    assert len(refusal.value.mismatches) == 2


def test_broken_invariants_refuse_at_every_level() -> None:
    """Without asking pkilint."""
    counting = Counting()
    for level in LEVELS:
        with pytest.raises(Refused) as refusal:
            linter_with(counting).pass_(Draft(lint=level, subject=subject_name("other.example")).built())
        assert [mismatch.field for mismatch in refusal.value.mismatches] == ["subject: other.example"]
    assert counting.calls == 0


def test_a_shape_is_linted_once() -> None:
    """Other names, keys and serial numbers, the same shape."""
    counting = Counting()
    linter = linter_with(counting)
    for number in range(5):
        name = f"host{number}.example.com"
        linter.pass_(
            Draft(
                subject=subject_name(name), dns=(name,), issuer_key=ISSUER, serial=SerialNumber((1 << 80) + number)
            ).built()
        )
    assert counting.calls == 1


def test_a_known_shape_still_has_its_names_checked() -> None:
    """What the shape leaves out is checked every time."""
    linter = linter_with(Counting())
    linter.pass_(Draft(issuer_key=ISSUER).built())
    with pytest.raises(Refused):
        linter.pass_(Draft(issuer_key=ISSUER, subject=subject_name("a..b"), dns=("a..b",)).built())


def test_a_shape_with_findings_is_not_remembered() -> None:
    """It is refused, each time for the same reason."""
    counting = Counting(FINDING)
    linter = linter_with(counting)
    for _ in range(2):
        with pytest.raises(Refused) as refusal:
            linter.pass_(Draft(issuer_key=ISSUER).built())
        assert refusal.value.mismatches == (FINDING,)
    assert counting.calls == 2


def test_the_oldest_shape_is_forgotten() -> None:
    """Memory is bounded; what was used last stays."""
    counting = Counting()
    linter = linter_with(counting, remember=2)
    first, second, third = (Draft(issuer_subject=subject_name(name)).built() for name in "abc")
    for built in (first, second, first, third, first):
        linter.pass_(built)
    assert counting.calls == 3
    linter.pass_(second)
    assert counting.calls == 4


@pytest.mark.parametrize("level", ["serverauth", "pkix"])
def test_what_is_not_linted_by_shape(level: str) -> None:
    """Serverauth depends on names and dates; CA certificates are few."""
    counting = Counting()
    linter = linter_with(counting)
    kind = CertificateKind.END_ENTITY if level == "serverauth" else CertificateKind.SUB_CA
    built = Draft(lint=level, kind=kind).built()
    linter.pass_(built)
    linter.pass_(built)
    assert counting.calls == 2


def test_an_unknown_level_is_our_own_mistake() -> None:
    """Profiles are checked when they are loaded."""
    with pytest.raises(Refused) as refusal:
        Linter().pass_(changed(Draft().built(), lint="zlint"))
    assert refusal.value.reason is Reason.INTERNAL


def test_levels_are_loaded_ahead() -> None:
    """What the profiles need is ready before the first request."""
    linter = Linter()
    for levels, loaded in ((["none"], [False, False]), (["pkix"], [True, False]), (LEVELS, [True, True])):
        linter.prepare(levels)
        assert [linter._pkix is not None, linter._serverauth is not None] == loaded


@pytest.mark.slow
def test_pkilint_is_not_imported_before_it_is_needed() -> None:
    """Commands that issue nothing do not pay for it."""
    code = "import sys, emca_daemon.policy.lint as lint; lint.Linter(); sys.exit('pkilint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
