"""Tests of the names of keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emca_daemon.errors import Reason, Refused
from emca_daemon.names import KeyName
from emca_daemon.signers import labels


def test_names_come_apart_at_the_first_colon() -> None:
    """What follows belongs to the label."""
    assert labels.split(KeyName("hsm:a:b")) == ("hsm", "a:b")


@pytest.mark.parametrize("name", ["", ":", "a:", ":b", "plain"])
def test_half_names_are_not_found(name: str) -> None:
    """Both parts are needed."""
    with pytest.raises(Refused) as refusal:
        labels.split(KeyName(name))
    assert refusal.value.reason is Reason.NOT_FOUND


@given(st.text(max_size=120))
def test_new_labels_never_leave_their_folder(label: str) -> None:
    """A label that passes is plain text without separators, a leading dot or control characters."""
    if not labels.is_plain(label):
        with pytest.raises(Refused) as refusal:
            labels.check_new(label)
        assert refusal.value.reason is Reason.MALFORMED
        return
    labels.check_new(label)
    assert label.isascii()
    assert label.isprintable()
    assert not set(label) & set("/\\: ")
    assert not label.startswith((".", "-"))
