"""Refusals as PKIFailureInfo."""

from emca_daemon.asn1.cmp_status import FailInfo, Status
from emca_daemon.errors import Mismatch, Reason, Refused
from emca_daemon.protocols.cmp.errors import FAIL_INFO_OF, Failure, failure_of, rejection


def test_every_reason_has_a_bit() -> None:
    """The table is total."""
    assert set(FAIL_INFO_OF) == set(Reason)


def test_failures_say_their_own() -> None:
    """Whatever their reason is; each bit has one."""
    for info in FailInfo:
        assert failure_of(Failure(info, "why")) is info
    assert Failure(FailInfo.BAD_POP, "why").reason is Reason.BAD_PROOF_OF_POSSESSION
    assert not Failure(FailInfo.BAD_POP, "why").of_message


def test_refused_extensions_are_told_apart() -> None:
    """unacceptedExtension, while other mismatches are badCertTemplate."""
    extension = Mismatch("requested_extensions.1.2.3", "no", Reason.PROFILE_REFUSED)
    assert failure_of(Refused(Reason.PROFILE_REFUSED, "no", (extension,))) is FailInfo.UNACCEPTED_EXTENSION
    subject = Mismatch("subject.commonName", "no", Reason.NAME_REFUSED)
    assert failure_of(Refused(Reason.NAME_REFUSED, "no", (subject,))) is FailInfo.BAD_CERT_TEMPLATE


def test_a_rejection_says_everything() -> None:
    """Status, failure and every mismatch as text."""
    info = rejection(Refused(Reason.UNAVAILABLE, "later"))
    assert (info.status, info.text, info.failure) == (Status.REJECTION, "later", FailInfo.SYSTEM_UNAVAIL)
