"""Refusals."""

from emca_daemon.errors import Mismatch, Pending, Reason, Refused


def test_a_refusal_without_mismatches_reads_as_its_detail() -> None:
    """Reason, detail and the time to wait are there to be looked at."""
    refusal = Refused(Reason.RATE_LIMITED, "too many orders", retry_after=60)
    assert str(refusal) == refusal.detail == "too many orders"
    assert (refusal.reason, refusal.mismatches, refusal.retry_after) == (Reason.RATE_LIMITED, (), 60)


def test_a_refusal_tells_every_mismatch() -> None:
    """One line for people, in the order in which policy found them."""
    mismatches = (
        Mismatch("a.test", "this name is not permitted", Reason.NAME_REFUSED),
        Mismatch("key", "RSA keys need 2048 bits", Reason.KEY_REFUSED),
    )
    refusal = Refused(Reason.PROFILE_REFUSED, "the request does not fit", mismatches)
    assert str(refusal) == (
        "the request does not fit: a.test: this name is not permitted; key: RSA keys need 2048 bits"
    )


def test_a_mismatch_about_nothing_in_particular_reads_as_its_detail() -> None:
    """No colon stands before nothing."""
    refusal = Refused(Reason.MALFORMED, "it cannot be used", (Mismatch("", "a readable file", Reason.MALFORMED),))
    assert str(refusal) == "it cannot be used: a readable file"


def test_pending_is_a_value() -> None:
    """Waiting is an outcome that can be compared, not an error."""
    assert Pending("request-1") == Pending("request-1")
    assert not isinstance(Pending("request-1"), Exception)


def test_reasons_have_texts_of_their_own() -> None:
    """No two reasons look alike in logs."""
    assert len({reason.value for reason in Reason}) == len(Reason)
