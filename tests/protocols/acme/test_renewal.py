"""Renewal windows and names of certificates."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.ca.records import CertificateRecord, CertificateState, Revocation, RevocationReason
from emca_daemon.errors import Refused
from emca_daemon.names import IssuerName, ProfileName
from emca_daemon.protocols.acme.records import RenewalPlan
from emca_daemon.protocols.acme.renewal import Window, certificate_name, read_certificate_name, suggested_window
from tests.support.records import NOW, intent

INTENT = replace(intent(), not_before=NOW, not_after=NOW + timedelta(days=90), created=NOW)
RECORD = CertificateRecord(INTENT, CertificateState.ISSUED, b"der", b"f")
PLAN = RenewalPlan(
    "p",
    IssuerName("issuing"),
    None,
    "incident",
    "https://ca.test/incident",
    NOW + timedelta(days=1),
    NOW + timedelta(days=2),
    NOW + timedelta(hours=1),
)


def test_the_example_of_rfc_9773() -> None:
    """Section 4.1."""
    text = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"
    assert certificate_name(bytes.fromhex("69885B6B87464041E1B37B847BA0AE2CDE01C8D4"), 0x8765_4321) == text
    assert read_certificate_name(text) == (bytes.fromhex("69885B6B87464041E1B37B847BA0AE2CDE01C8D4"), 0x8765_4321)


@given(st.binary(min_size=1, max_size=32), st.integers(1, 2**159 - 1))
def test_names_are_read_back(key_identifier: bytes, serial: int) -> None:
    """Whatever the key identifier and the serial number."""
    assert read_certificate_name(certificate_name(key_identifier, serial)) == (key_identifier, serial)


@pytest.mark.parametrize(
    "text",
    [None, 7, "", ".", "a", "AA.", ".AA", "AA.AA", "AA.AQ==", "AA==.AQ", "AA.AQ.AQ", "AA.AAE", "AA.hw", "A" * 200],
)
def test_what_names_no_certificate_is_malformed(text: object) -> None:
    """Padding, other alphabets, zero, leading octets too many or too few."""
    with pytest.raises(Refused):
        read_certificate_name(text)


def test_two_thirds_into_its_life() -> None:
    """For three days out of ninety."""
    start = NOW + timedelta(days=60)
    assert suggested_window(RECORD, ()) == Window(start, start + timedelta(days=3))


def test_a_certificate_of_a_second_has_a_window() -> None:
    """Its start lies before its end."""
    short = replace(RECORD, intent=replace(INTENT, not_after=NOW))
    window = suggested_window(short, ())
    assert window.start < window.end


def test_a_revoked_one_is_late() -> None:
    """The window is in the past."""
    revoked = replace(RECORD, revocation=Revocation(NOW, RevocationReason.SUPERSEDED))
    assert suggested_window(revoked, (PLAN,)) == Window(NOW - timedelta(hours=1), NOW)


def test_a_plan_moves_the_window() -> None:
    """Of certificates that were there when it was made, of its profile; never to a later time; until cancelled."""
    planned = Window(PLAN.begins, PLAN.ends, PLAN.explanation)
    assert suggested_window(RECORD, (PLAN,)) == planned
    assert suggested_window(RECORD, (replace(PLAN, profile=INTENT.profile),)) == planned
    usual = suggested_window(RECORD, ())
    for plan in (
        replace(PLAN, profile=ProfileName("other")),
        replace(PLAN, created=NOW - timedelta(seconds=1)),
        replace(PLAN, begins=NOW + timedelta(days=61)),
        replace(PLAN, cancelled=NOW),
    ):
        assert suggested_window(RECORD, (plan,)) == usual
